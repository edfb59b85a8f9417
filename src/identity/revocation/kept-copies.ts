import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The last good copy of each fetched list, in a folder that only the server reads. Whether its octets are still good is for their signature to say. */
export interface KeptCopies {
  read(url: string): Promise<Buffer | undefined>
  write(url: string, octets: Buffer): Promise<void>
  remove(url: string): Promise<void>
}

export function keptCopies(folder: string): KeptCopies {
  const fileOf = (url: string) => join(folder, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.crl`)
  return {
    async read(url) {
      try {
        return await readFile(fileOf(url))
      } catch {
        return undefined
      }
    },
    async write(url, octets) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const file = fileOf(url)
      const fresh = `${file}.new`
      const handle = await open(fresh, 'w', 0o600)
      try {
        await handle.writeFile(octets)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(fresh, file)
    },
    async remove(url) {
      await rm(fileOf(url), { force: true })
    },
  }
}
