/** Why an upstream gave no usable answer. `reason` is for the log and names addresses; the client is told only `code`. */
export interface UpstreamFailure {
  readonly code: 'upstream_unreachable' | 'upstream_timeout' | 'upstream_invalid' | 'request_invalid'
  readonly reason: string
  /** whether the same request may be sent once more, when it can do no harm twice */
  readonly retry: 'harmless' | 'no'
}

/** Reads undici's, Node's and OpenSSL's errors. */
export function upstreamFailure(error: Error): UpstreamFailure {
  const code = codeOf(error)
  const reason = code === undefined ? error.message : `${code}: ${error.message}`
  if (timeouts.has(code ?? '')) return { code: 'upstream_timeout', reason, retry: 'no' }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH') {
    return { code: 'request_invalid', reason, retry: 'no' }
  }
  if (error.name === 'HTTPParserError' || /^ERR_(?:HTTP|INVALID)/.test(code ?? '') || invalid.has(code ?? '')) {
    return { code: 'upstream_invalid', reason, retry: 'no' }
  }
  // A kept connection that the upstream closed at the moment we used it.
  return { code: 'upstream_unreachable', reason, retry: closed.has(code ?? '') ? 'harmless' : 'no' }
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof AggregateError && code === undefined) return codeOf(error.errors[0] ?? new Error('no address'))
  return code
}

const timeouts: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
])

const invalid: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
])

const closed: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
