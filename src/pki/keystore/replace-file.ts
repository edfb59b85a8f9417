import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, open, readlink, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CodedError } from '../../errors.ts'
import { keyStoreError } from './keystore-error.ts'

/**
 * Writes beside the file, to disk, and renames: whoever reads sees the old or the new content, never a part, also after a crash.
 * Mode and owner of the old file are those of the new one before the first octet is written; a file that is new gets 0600.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const target = await targetOf(path)
    const old = await existing(target)
    if (old !== undefined && !old.isFile()) throw keyStoreError('ERR_KEYSTORE_UNWRITABLE', `${path} is not a file`)
    await writeBeside(target, old, bytes)
    await syncFolder(dirname(target))
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw keyStoreError('ERR_KEYSTORE_UNWRITABLE', `${path} cannot be written (${code ?? message})`, { cause })
  }
}

/** The file that the path stands for when symbolic links are followed; it need not exist, its folder must. */
export async function targetOf(path: string): Promise<string> {
  let target = resolve(path)
  // as deep as Linux follows links (path_resolution(7))
  for (let i = 0; i < 40; i++) {
    try {
      return await realpath(target)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    }
    const folder = await realpath(dirname(target))
    const link = await readlink(target).catch(() => undefined)
    if (link === undefined) return join(folder, basename(target))
    target = resolve(folder, link)
  }
  throw new Error('too many symbolic links')
}

async function existing(target: string): Promise<Stats | undefined> {
  try {
    return await stat(target)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

async function writeBeside(target: string, old: Stats | undefined, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      if (old !== undefined) await keepOwnerAndMode(handle, old, target)
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (cause) {
    await unlink(temporary).catch(() => {})
    throw cause
  }
}

async function keepOwnerAndMode(handle: FileHandle, old: Stats, target: string): Promise<void> {
  const { uid, gid } = await handle.stat()
  if (uid !== old.uid || gid !== old.gid) {
    try {
      await handle.chown(old.uid, old.gid)
    } catch (cause) {
      throw keyStoreError('ERR_KEYSTORE_UNWRITABLE', `${target} belongs to another user, which a new file could not`, {
        remedy: 'Run the command as the owner of the file, or as root.',
        cause,
      })
    }
  }
  // after chown, which may take bits away
  await handle.chmod(old.mode & 0o7777)
}

/** The rename itself must be on disk, too. Some file systems cannot do that for a folder: then the rename is as safe as they make it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync().catch(() => {})
  } finally {
    await handle.close()
  }
}
