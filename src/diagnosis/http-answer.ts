/** The beginning of an HTTP/1 answer. */
export interface HttpAnswer {
  readonly status: number
  readonly reason: string
  /** lower-case names; of a field that came twice the last one */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** the problem document of a Countersign, when the answer is one */
  readonly problem: ProblemDocument | undefined
  /** what a Countersign says at /whoami: who we are to it */
  readonly whoami: Whoami | undefined
}

export interface Whoami {
  readonly user: string
  readonly authenticatedBy: string
  readonly binding: string | null
}

export interface ProblemDocument {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly remedy: string
  readonly requestId: string
}

/** Enough of an answer to know what it says. */
export const longestAnswer = 64 * 1024

/** Reads an answer; undefined while its header section is not complete, or when it is no HTTP. */
export function readHttpAnswer(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/u.exec(first) ?? []
  if (status === undefined) return undefined
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const rest = bytes.subarray(end + 4)
  const chunked = headers['transfer-encoding']?.toLowerCase() === 'chunked'
  const body = (chunked ? joinChunks(rest) : rest).toString('utf8')
  return {
    status: Number(status),
    reason,
    headers,
    body,
    problem: problemIn(headers, body),
    whoami: whoamiIn(headers, body),
  }
}

/** Whether all of the answer is there, as far as it says how long it is. */
export function isComplete(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  const length = readHttpAnswer(bytes)?.headers['content-length']
  return bytes.length >= longestAnswer || (length !== undefined && bytes.length - end - 4 >= Number(length))
}

function joinChunks(bytes: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at)
    const size = line < 0 ? 0 : Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16)
    if (!(size > 0)) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 4 + size
  }
}

function problemIn(headers: Readonly<Record<string, string>>, body: string): ProblemDocument | undefined {
  if (!headers['content-type']?.startsWith('application/problem+json')) return undefined
  const { code, title, detail, remedy, requestId } = parsed(body)
  return isText(code) && isText(title) && isText(detail) && isText(remedy) && isText(requestId)
    ? { code, title, detail, remedy, requestId }
    : undefined
}

function whoamiIn(headers: Readonly<Record<string, string>>, body: string): Whoami | undefined {
  if (!headers['content-type']?.startsWith('application/json')) return undefined
  const { user, authenticatedBy, binding } = parsed(body)
  return isText(user) && isText(authenticatedBy) && (binding === null || isText(binding))
    ? { user, authenticatedBy, binding }
    : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function parsed(body: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(body))
  } catch {
    return {}
  }
}
