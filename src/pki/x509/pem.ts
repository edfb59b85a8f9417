import { CodedError } from '../../errors.ts'
import { asBuffer } from '../asn1/strings.ts'

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
  return [...pemBlocks(typeof text === 'string' ? Buffer.from(text) : asBuffer(text))]
}

/** The same one by one: a file may hold a hundred thousand, and never becomes one text. */
export function* pemBlocks(bytes: Buffer): Generator<PemBlock, void> {
  for (const { from, text } of pieces(bytes)) {
    const lineOf = (at: number) => lines(bytes.toString('latin1', 0, from)) + lines(text.slice(0, at)) - 1
    const fail = (at: number, label: string, words: string) => pemError(`the ${label} of line ${lineOf(at)} ${words}`)
    let open: { label: string; at: number; from: number } | undefined
    let end = 0
    for (let at = dashesFrom(text, 0); at !== -1; at = dashesFrom(text, end)) {
      const feed = text.indexOf('\n', at)
      end = feed === -1 ? text.length : feed
      const match = boundary.exec(text.slice(at, end))
      if (match === null) continue
      if (match[1] === 'BEGIN') {
        if (open !== undefined) throw fail(open.at, open.label, 'has no end')
        open = { label: match[2]!, at, from: end + 1 }
      } else if (open !== undefined) {
        const { label, at: begin, from } = open
        if (match[2] !== label) throw pemError(`line ${lineOf(at)} ends another block than line ${lineOf(begin)} began`)
        yield readBlock(label, text.slice(from, at), words => fail(begin, label, words))
        open = undefined
      }
    }
    if (open !== undefined) throw fail(open.at, open.label, 'has no end')
  }
}

const pieceSize = 256 * 1024

/** The text in pieces with one kind of line ending. Each but the first starts with a block, so that none is divided. */
function* pieces(bytes: Buffer): Generator<{ from: number; text: string }, void> {
  let from = 0
  while (from < bytes.length) {
    const feed = bytes.indexOf('\n-----BEGIN ', from + pieceSize)
    const to = feed === -1 ? bytes.length : feed + 1
    const text = bytes.toString('latin1', from, to)
    yield { from, text: text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text }
    from = to
  }
}

const lines = (text: string) => text.split(/\r\n?|\n/).length

/** The next line that begins with five dashes; -1: there is none. */
function dashesFrom(text: string, from: number): number {
  let at = text.indexOf('-----', from)
  while (at > 0 && text[at - 1] !== '\n') at = text.indexOf('-----', at + 1)
  return at
}

/** Whether the text holds at least one PEM block: to tell PEM from DER. */
export function looksLikePem(bytes: Uint8Array): boolean {
  return asBuffer(bytes).includes('-----BEGIN ')
}

/** One PEM block with lines of 64 characters and a final line feed. */
export function writePem(label: string, der: Uint8Array): string {
  const text = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64')
  const lines = text.match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function readBlock(label: string, text: string, fail: (words: string) => CodedError): PemBlock {
  const headers = new Map<string, string>()
  let bodyFrom = 0
  const feed = text.indexOf('\n')
  // RFC 1421 section 4.4: headers, then an empty line
  if (text.slice(0, feed === -1 ? undefined : feed).includes(':')) {
    const lines = text.split('\n')
    const empty = lines.findIndex(line => line.trim() === '')
    if (empty === -1 || empty === lines.length - 1) throw fail('has headers that have no end')
    bodyFrom = lines.slice(0, empty + 1).join('\n').length + 1
    let name = ''
    for (const header of lines.slice(0, empty)) {
      const colon = header.indexOf(':')
      const continues = /^[ \t]/.test(header) && name !== ''
      if (!continues && colon < 1) throw fail('has a header without a name')
      if (!continues) name = header.slice(0, colon).trim()
      const value = continues ? `${headers.get(name)}${header.trim()}` : header.slice(colon + 1).trim()
      headers.set(name, value)
    }
  }
  const der = fromBase64(text.slice(bodyFrom))
  if (der === undefined || der.length === 0) throw fail('is not base64')
  return { label, headers, der }
}

/** RFC 4648 section 4, with white space anywhere. undefined: it is something else. */
function fromBase64(text: string): Buffer | undefined {
  const room = Buffer.allocUnsafe(Math.ceil((text.length * 3) / 4))
  try {
    return room.subarray(0, room.setFromBase64(text, { lastChunkHandling: 'strict' }).written)
  } catch {
    // Bits behind the last octet that are not 0, which mean nothing, are taken as well.
    const body = text.replace(/[ \t\n]+/g, '')
    return body.length % 4 === 0 && base64.test(body) ? Buffer.from(body, 'base64') : undefined
  }
}

function pemError(message: string): CodedError {
  return new CodedError('ERR_PEM_MALFORMED', message, {
    remedy:
      'The file is damaged, cut short, or was changed by an editor or a mail program. Get it again as it was made.',
  })
}
