import { readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, isCoded } from '../../errors.ts'
import { readCrlFile } from '../../pki/revocation/read-crl-file.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Crl } from '../../pki/x509/crl.ts'

/** One file with revocation lists, as it was when it was read. */
export interface ListFile {
  readonly file: string
  /** differs when the file does */
  readonly version: string
  readonly crls: readonly Crl[]
}

export interface ListPlaces {
  readonly files: readonly string[]
  readonly folders: readonly string[]
}

/** Reads all of them. Throws ERR_CRL_UNREADABLE or ERR_CRL_MALFORMED for the first that cannot be read (invariant 4). */
export async function readListFiles(places: ListPlaces, issuers: readonly Certificate[]): Promise<ListFile[]> {
  const read: ListFile[] = []
  for (const file of namedFiles(places)) read.push(await readListFile(file, issuers))
  return read
}

/** Every file that the places name, those in folders as they are now. Throws ERR_CRL_UNREADABLE. */
export function namedFiles({ files, folders }: ListPlaces): string[] {
  const inFolders = folders.flatMap(folder => {
    try {
      return readdirSync(folder)
        .filter(name => /\.(crl|pem|der)$/i.test(name))
        .toSorted()
        .map(name => join(folder, name))
    } catch (cause) {
      throw unreadable(folder, cause)
    }
  })
  return [...new Set([...files, ...inFolders])]
}

export async function readListFile(file: string, issuers: readonly Certificate[]): Promise<ListFile> {
  try {
    const version = versionOf(file)
    return { file, version, crls: await readCrlFile(await readFile(file), { issuers }) }
  } catch (cause) {
    if (isCoded(cause, 'ERR_CRL_MALFORMED')) {
      throw new CodedError('ERR_CRL_MALFORMED', `${file}: ${cause.message}`, { remedy: cause.remedy ?? '', cause })
    }
    throw isCoded(cause) ? cause : unreadable(file, cause)
  }
}

/** Throws what `stat` throws. */
export function versionOf(file: string): string {
  const { ino, size, mtimeMs } = statSync(file)
  return `${ino} ${size} ${mtimeMs}`
}

function unreadable(place: string, cause: unknown): CodedError {
  return new CodedError(
    'ERR_CRL_UNREADABLE',
    `cannot read revocation lists from ${place}: ${(cause as Error).message}`,
    {
      remedy: 'Check the path, and that the server may read it.',
      cause,
    },
  )
}
