import { constants, type FileHandle, open } from 'node:fs/promises'
import { CodedError, isCoded } from '../../errors.ts'
import type { KeyStore } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import { withKeyStoreLock } from './lock.ts'
import { maxKeyStoreSize, type OpenOptions, openKeyStoreInSteps } from './open.ts'
import { replaceFile } from './replace-file.ts'
import { atOnce, type Pace } from './steps.ts'

/**
 * Opens the key store in a file. `pace` is `inTurns` where somebody is served meanwhile.
 * Throws ERR_KEYSTORE_NOT_FOUND, ERR_KEYSTORE_UNREADABLE and what `openKeyStore` throws.
 */
export async function readKeyStoreFile(
  path: string,
  options: Omit<OpenOptions, 'file'> = {},
  pace: Pace = atOnce,
): Promise<KeyStore> {
  const bytes = await readBounded(path)
  try {
    return await pace(openKeyStoreInSteps(bytes, { ...options, file: path }))
  } catch (error) {
    throw naming(path, error)
  }
}

/**
 * Replaces the file whole or not at all: after a crash the old store stands. Keeps mode and owner of a file that exists; a new one
 * gets mode 0600. Symbolic links are followed. Takes the lock unless the caller holds it. Throws ERR_KEYSTORE_UNWRITABLE,
 * ERR_KEYSTORE_LOCKED.
 */
export async function writeKeyStoreFile(path: string, bytes: Uint8Array): Promise<void> {
  await withKeyStoreLock(path, () => replaceFile(path, bytes))
}

/** What is found deep in a store knows its offset and entry; which file it is of is known here. */
function naming(path: string, error: unknown): unknown {
  if (!isCoded(error) || error.message.includes(path)) return error
  const remedy = error.remedy === undefined ? {} : { remedy: error.remedy }
  return new CodedError(error.code as `ERR_${string}`, `${path}: ${error.message}`, { ...remedy, cause: error })
}

async function readBounded(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    // without waiting for somebody to write into a named pipe
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await handle.stat()
    if (!stat.isFile()) throw keyStoreError('ERR_KEYSTORE_UNREADABLE', `${path} is not a file`)
    if (stat.size > maxKeyStoreSize) {
      throw keyStoreError('ERR_KEYSTORE_TOO_LARGE', `${path} has ${stat.size} octets, more than ${maxKeyStoreSize}`)
    }
    return await readInOnePiece(handle, stat.size)
  } catch (cause) {
    throw asReadError(path, cause)
  } finally {
    await handle?.close()
  }
}

/** `readFile` of a handle goes to and fro for each half a megabyte. */
async function readInOnePiece(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

function asReadError(path: string, cause: unknown) {
  const { code } = cause as NodeJS.ErrnoException
  if (code?.startsWith('ERR_KEYSTORE_')) return cause
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? keyStoreError('ERR_KEYSTORE_NOT_FOUND', `${path} does not exist`, { cause })
    : keyStoreError('ERR_KEYSTORE_UNREADABLE', `${path} cannot be read${code === undefined ? '' : ` (${code})`}`, {
        cause,
      })
}
