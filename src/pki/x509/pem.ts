import { CodedError } from '../../errors.ts'

export interface PemBlock {
  /** what stands between BEGIN and the dashes: CERTIFICATE, X509 CRL, PRIVATE KEY … */
  readonly label: string
  /** RFC 1421 headers (Proc-Type, DEK-Info) by name as written; empty for almost everything */
  readonly headers: ReadonlyMap<string, string>
  readonly der: Buffer
}

const boundary = /^-----(BEGIN|END) ([\x20-\x2c\x2e-\x7e]{1,64}?)-----[ \t]*$/
const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Every PEM block of a text, in order (RFC 7468). Text around the blocks is skipped; any line ending will do.
 * Throws ERR_PEM_MALFORMED for a block that is cut short, or whose content is not base64.
 */
export function readPem(text: string | Uint8Array): PemBlock[] {
  const source = typeof text === 'string' ? text : Buffer.from(text).toString('latin1')
  const blocks: PemBlock[] = []
  let open: { label: string; line: number; lines: string[] } | undefined
  let line = 0
  for (const rawLine of source.split(/\r\n|\n|\r/)) {
    line++
    const match = rawLine.startsWith('-----') ? boundary.exec(rawLine) : null
    if (match === null) {
      open?.lines.push(rawLine)
    } else if (match[1] === 'BEGIN') {
      if (open !== undefined) throw pemError(`the ${open.label} of line ${open.line} has no end`)
      open = { label: match[2]!, line, lines: [] }
    } else if (open !== undefined) {
      if (match[2] !== open.label) throw pemError(`line ${line} ends another block than line ${open.line} began`)
      blocks.push(readBlock(open.label, open.line, open.lines))
      open = undefined
    }
  }
  if (open !== undefined) throw pemError(`the ${open.label} of line ${open.line} has no end`)
  return blocks
}

/** Whether the text holds at least one PEM block: to tell PEM from DER. */
export function looksLikePem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('-----BEGIN ')
}

/** One PEM block with lines of 64 characters and a final line feed. */
export function writePem(label: string, der: Uint8Array): string {
  const text = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')
  const lines = text.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function readBlock(label: string, line: number, lines: readonly string[]): PemBlock {
  const headers = new Map<string, string>()
  let bodyFrom = 0
  // RFC 1421 section 4.4: headers, then an empty line
  if (lines[0]?.includes(':') === true) {
    bodyFrom = lines.findIndex(text => text.trim() === '') + 1
    if (bodyFrom === 0) throw pemError(`the headers of the ${label} of line ${line} have no end`)
    let name = ''
    for (const header of lines.slice(0, bodyFrom - 1)) {
      const colon = header.indexOf(':')
      const continues = /^[ \t]/.test(header) && name !== ''
      if (!continues && colon < 1) throw pemError(`the ${label} of line ${line} has a header without a name`)
      if (!continues) name = header.slice(0, colon).trim()
      const value = continues ? `${headers.get(name)}${header.trim()}` : header.slice(colon + 1).trim()
      headers.set(name, value)
    }
  }
  const body = lines
    .slice(bodyFrom)
    .join('')
    .replace(/[ \t]+/g, '')
  if (body === '' || body.length % 4 !== 0 || !base64.test(body))
    throw pemError(`the ${label} of line ${line} is not base64`)
  return { label, headers, der: Buffer.from(body, 'base64') }
}

function pemError(message: string): CodedError {
  return new CodedError('ERR_PEM_MALFORMED', message, {
    remedy:
      'The file is damaged, cut short, or was changed by an editor or a mail program. Get it again as it was made.',
  })
}
