/**
 * Something broken (a file, the network, a damaged store), as opposed to a refusal, which is a value.
 * `code` is stable (`ERR_KEYSTORE_WRONG_PASSWORD`) and listed in docs/errors.md; `remedy` says what to do about it.
 */
export class CodedError extends Error {
  readonly code: string
  readonly remedy: string | undefined

  constructor(code: `ERR_${string}`, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'CodedError'
    this.code = code
    this.remedy = options.remedy
  }
}

/** Whether `error` is a CodedError, with that code when one is given. */
export function isCoded(error: unknown, code?: string): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code)
}

/** Whether the database failed: nothing is wrong with whoever asked, and they may ask again. */
export function isStorageFailure(error: unknown): error is CodedError {
  return error instanceof CodedError && error.code.startsWith('ERR_STORAGE_')
}
