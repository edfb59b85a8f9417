import { CodedError } from '../../errors.ts'

/** Every way in which the built-in authority can fail, with what to do about it. docs/errors.md lists them. */
const remedies = {
  ERR_AUTHORITY_EXISTS: 'Use the authority that is there, or name another folder.',
  ERR_AUTHORITY_MISSING: 'Make one with `countersign authority init`, or name its folder with --dir.',
  ERR_AUTHORITY_MALFORMED: 'Restore the folder of the authority from its backup: the files in it belong together.',
  ERR_AUTHORITY_KEY_EXPOSED:
    'Ask who may have read the key. If nobody: chmod 600. Otherwise make a new authority, and take this one out of every trust store.',
  ERR_AUTHORITY_WRONG_PASSWORD: 'Give the password with which the key of the authority was encrypted.',
  ERR_AUTHORITY_REQUEST_FORGED: 'Make the request again with the private key that belongs to it.',
  ERR_AUTHORITY_NAME_MISSING: 'Say for which names: --san dns:NAME or --san ip:ADDRESS.',
  ERR_AUTHORITY_UNFIT: 'Change what the message names, and issue the certificate again. Nothing was issued.',
  ERR_AUTHORITY_CERTIFICATE_UNKNOWN: 'Name a certificate of this authority: `countersign authority list` shows them.',
  ERR_AUTHORITY_CERTIFICATE_REVOKED: 'Issue a new certificate with a new key instead.',
} as const satisfies Record<`ERR_AUTHORITY_${string}`, string>

export type AuthorityErrorCode = keyof typeof remedies

export function authorityError(code: AuthorityErrorCode, message: string, cause?: unknown): CodedError {
  return new CodedError(code, message, { remedy: remedies[code], ...(cause === undefined ? {} : { cause }) })
}
