import { CodedError } from '../../errors.ts'

/** Every way in which a key store can fail, with what to do about it. docs/errors.md lists them. */
const remedies = {
  ERR_KEYSTORE_WRONG_PASSWORD:
    'Check the password of the store. When the file was copied, check that it arrived whole and unchanged.',
  ERR_KEYSTORE_PASSWORD_REQUIRED: 'Give the password of the store.',
  ERR_KEYSTORE_WRONG_KEY_PASSWORD: 'Give the password of this entry: it may differ from the password of the store.',
  ERR_KEYSTORE_TRUNCATED: 'Copy the file again from where it was made: the end is missing.',
  ERR_KEYSTORE_MALFORMED: 'The file is damaged. Copy it again from where it was made, or make it anew.',
  ERR_KEYSTORE_CERTIFICATE_MALFORMED:
    'Remove the entry with the tool that made the store, or replace its certificate by one that follows the standard.',
  ERR_KEYSTORE_BOUNCY_CASTLE:
    'Convert it to PKCS#12: keytool -importkeystore -srckeystore FILE -srcstoretype BKS (or UBER) -destkeystore NEW.p12 -deststoretype PKCS12, with the Bouncy Castle provider on -providerpath.',
  ERR_KEYSTORE_UNKNOWN_FORMAT: 'Give a JKS, JCEKS, PKCS#12 or PEM file.',
  ERR_KEYSTORE_WRONG_TYPE: 'Leave the type out (it is seen from the content), or name the type that the file has.',
  ERR_KEYSTORE_UNSUPPORTED:
    'Write the store anew with common algorithms, for instance: openssl pkcs12 -export, or keytool -importkeystore -deststoretype PKCS12.',
  ERR_KEYSTORE_TOO_COSTLY:
    'Write the store anew with fewer iterations: 10,000 is what the JDK takes, 100,000 is plenty.',
  ERR_KEYSTORE_TOO_LARGE: 'Split the store, or remove entries that nobody needs.',
  ERR_KEYSTORE_ALIAS_EXISTS: 'Choose another alias, or remove or replace the entry that has it.',
  ERR_KEYSTORE_ALIAS_UNKNOWN: 'List the store to see its aliases.',
  ERR_KEYSTORE_ALIAS_INVALID: 'Choose an alias of 1 to 1,000 printable characters.',
  ERR_KEYSTORE_NOT_A_KEY: 'Name the alias of a private-key entry.',
  ERR_KEYSTORE_KEY_MISMATCH: 'Give the certificate that was issued for this key, first in its chain.',
  ERR_KEYSTORE_READ_ONLY: 'Convert the store to PKCS#12 and change that.',
  ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE: 'Remove the entry before the conversion, or choose the type PKCS12.',
  ERR_KEYSTORE_LOCKED:
    'Wait until the other program has finished. If none is running, remove the lock file that is named.',
  ERR_KEYSTORE_NOT_FOUND: 'Check the path.',
  ERR_KEYSTORE_UNREADABLE: 'Check the path, and that this user may read the file.',
  ERR_KEYSTORE_UNWRITABLE: 'Check that this user may write the file and its folder, and that the disk has room.',
} as const satisfies Record<`ERR_KEYSTORE_${string}`, string>

export type KeyStoreErrorCode = keyof typeof remedies

export function keyStoreError(
  code: KeyStoreErrorCode,
  message: string,
  options: { remedy?: string; cause?: unknown } = {},
): CodedError {
  return new CodedError(code, message, { remedy: remedies[code], ...options })
}
