import type { KeyStore } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'
import type { OpenOptions } from './open.ts'

/** Opens the key store in a file. Throws ERR_KEYSTORE_NOT_FOUND, ERR_KEYSTORE_UNREADABLE and what `openKeyStore` throws. */
export async function readKeyStoreFile(path: string, _options: Omit<OpenOptions, 'file'> = {}): Promise<KeyStore> {
  throw keyStoreError('ERR_KEYSTORE_NOT_FOUND', `${path} does not exist`)
}

/**
 * Replaces the file whole or not at all: after a crash the old store stands. Keeps mode and owner of a file that exists; a new one
 * gets mode 0600. Symbolic links are followed. Throws ERR_KEYSTORE_UNWRITABLE, ERR_KEYSTORE_LOCKED.
 */
export async function writeKeyStoreFile(path: string, _bytes: Uint8Array): Promise<void> {
  throw keyStoreError('ERR_KEYSTORE_UNWRITABLE', `${path} cannot be written`)
}

/** Runs `change` while nobody else can write the file: for reading, changing and writing in one. Throws ERR_KEYSTORE_LOCKED. */
export async function withKeyStoreLock<T>(_path: string, change: () => Promise<T>): Promise<T> {
  return await change()
}
