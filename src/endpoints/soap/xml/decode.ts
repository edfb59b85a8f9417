/** The text of a document, and the encoding that it was in. */
export type Decoded =
  | { readonly ok: true; readonly text: string; readonly encoding: Encoding }
  | { readonly ok: false; readonly detail: string }

export type Encoding = 'UTF-8' | 'UTF-16'

/**
 * Reads the octets of an XML document by its byte order mark, else by the charset that came with it, else as UTF-8 (RFC 7303 section
 * 3). UTF-8 and UTF-16 alone: they are what every XML processor has, and another would let two readers see two documents.
 */
export function decodeXml(octets: Uint8Array, charset: string | undefined): Decoded {
  const mark = byteOrderMark(octets)
  const named = charset === undefined ? undefined : encodings.get(charset.toLowerCase())
  if (charset !== undefined && named === undefined) return refused(`The charset ${quoted(charset)} is not taken here`)
  if (mark === undefined && named === 'utf-16') return refused('UTF-16 without a byte order mark is not taken here')
  if (mark !== undefined && named !== undefined && !agree(mark, named)) {
    return refused(`The charset ${quoted(charset!)} is not that of the byte order mark`)
  }
  const label = mark ?? (named as Label | undefined) ?? 'utf-8'
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(octets)
    return { ok: true, text, encoding: label === 'utf-8' ? 'UTF-8' : 'UTF-16' }
  } catch {
    return { ok: false, detail: `The document is not well-formed ${label.toUpperCase()}.` }
  }
}

type Label = 'utf-8' | 'utf-16le' | 'utf-16be'

/** What Content-Type may name. ASCII is a part of UTF-8: whoever says so and sends more is read rightly all the same. */
const encodings = new Map<string, Label | 'utf-16'>([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'utf-8'],
  ['utf-16', 'utf-16'],
  ['utf-16le', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
])

// A mark of UTF-32 begins with that of UTF-16, and what follows is then no XML.
function byteOrderMark([first, second, third]: Uint8Array): Label | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  return undefined
}

function agree(mark: Label, named: Label | 'utf-16'): boolean {
  return mark === named || (named === 'utf-16' && mark !== 'utf-8')
}

function refused(reason: string): Decoded {
  return { ok: false, detail: `${reason}: send UTF-8, or UTF-16 with a byte order mark.` }
}

function quoted(charset: string): string {
  return JSON.stringify(charset.slice(0, 40))
}
