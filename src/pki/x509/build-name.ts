import { CodedError } from '../../errors.ts'
import { DerReader, der, oid, sequence, setOf, tag } from '../asn1/der.ts'
import { attributeNames } from '../asn1/oid-names.ts'

/**
 * A distinguished name to be written: RFC 4514 text (`CN=alice,O=Example,C=DE`, most specific first), a list in the order of the
 * encoding (most general first; an inner list is one multi-valued relative name), or the DER of an existing name.
 */
export type NameSource =
  | string
  | readonly (AttributeSource | readonly AttributeSource[])[]
  | Uint8Array
  | { readonly raw: Uint8Array }

export interface AttributeSource {
  /** a short name (`CN`, `emailAddress`) or a dotted object identifier */
  readonly type: string
  readonly value: string
  /** default: what RFC 5280 appendix A.1 prescribes for the attribute, else UTF8String */
  readonly encoding?: 'utf8' | 'printable' | 'ia5' | 'bmp' | 'teletex'
}

/** `raw`, where the text had one, is the whole value */
type ParsedAttribute = AttributeSource & { readonly raw?: Uint8Array }

/** DER of a Name (RFC 5280 section 4.1.2.4). Throws ERR_NAME_MALFORMED. */
export function buildName(source: NameSource): Buffer {
  if (source instanceof Uint8Array) return Buffer.from(source)
  if (typeof source === 'object' && 'raw' in source) return Buffer.from(source.raw)
  const relativeNames = typeof source === 'string' ? parseNameText(source).toReversed() : source
  return sequence(
    ...relativeNames.map(relative => setOf(...(Array.isArray(relative) ? relative : [relative]).map(attribute))),
  )
}

/** Lower-case short name to object identifier; spellings beyond those that names are shown with come last. */
const attributeTypes: ReadonlyMap<string, string> = new Map([
  ...Array.from(attributeNames, ([dotted, name]) => [name.toLowerCase(), dotted] as const),
  ['s', '2.5.4.8'],
  ['t', '2.5.4.12'],
  ['givenname', '2.5.4.42'],
  ['surname', '2.5.4.4'],
  ['dnq', '2.5.4.46'],
  ['e', '1.2.840.113549.1.9.1'],
  ['email', '1.2.840.113549.1.9.1'],
])

const prescribed: Readonly<Record<string, AttributeSource['encoding']>> = {
  '2.5.4.5': 'printable',
  '2.5.4.6': 'printable',
  '2.5.4.46': 'printable',
  '0.9.2342.19200300.100.1.25': 'ia5',
  '1.2.840.113549.1.9.1': 'ia5',
}

function attribute({ type, value, encoding, raw }: ParsedAttribute): Buffer {
  const dotted = /^\d+(\.\d+)+$/.test(type) ? type : attributeTypes.get(type.toLowerCase())
  if (dotted === undefined) throw malformed(`unknown attribute type ${JSON.stringify(type)}`)
  return sequence(oid(dotted), raw ?? stringValue(value, encoding ?? prescribed[dotted] ?? 'utf8'))
}

function stringValue(value: string, encoding: NonNullable<AttributeSource['encoding']>): Buffer {
  switch (encoding) {
    case 'utf8':
      return der(tag.utf8String, Buffer.from(value, 'utf8'))
    case 'printable':
      if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value)) throw malformed(`${JSON.stringify(value)} is no PrintableString`)
      return der(tag.printableString, Buffer.from(value, 'latin1'))
    case 'ia5':
      if (!/^[\x00-\x7f]*$/.test(value)) throw malformed(`${JSON.stringify(value)} is no IA5String`)
      return der(tag.ia5String, Buffer.from(value, 'latin1'))
    case 'bmp':
      return der(tag.bmpString, Buffer.from(value, 'utf16le').swap16())
    case 'teletex':
      return der(tag.teletexString, Buffer.from(value, 'latin1'))
  }
}

/** RFC 4514 section 3: relative names as the text has them, most specific first. */
function parseNameText(text: string): ParsedAttribute[][] {
  const relativeNames: ParsedAttribute[][] = []
  if (text.trim() === '') return relativeNames
  let offset = 0
  let relative: ParsedAttribute[] = []
  for (;;) {
    const equals = text.indexOf('=', offset)
    if (equals < 0) throw malformed(`no "=" after offset ${offset} in ${JSON.stringify(text)}`)
    const type = text
      .slice(offset, equals)
      .trim()
      .replace(/^OID\./i, '')
    const [value, end] = readValue(text, equals + 1)
    relative.push(
      text
        .slice(equals + 1, end)
        .trimStart()
        .startsWith('#')
        ? hexValue(type, value)
        : { type, value },
    )
    if (text[end] !== '+') {
      relativeNames.push(relative)
      relative = []
    }
    if (end >= text.length) return relativeNames
    offset = end + 1
  }
}

/** RFC 4514 section 2.4: `#` and the DER of the value in hex. */
function hexValue(type: string, text: string): ParsedAttribute {
  const raw = /^#([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text.slice(1), 'hex') : Buffer.alloc(0)
  try {
    const reader = new DerReader(raw)
    reader.element()
    reader.close('the value')
  } catch (cause) {
    throw malformed(`${text} is not # and the DER of one value in hex`, cause)
  }
  return { type, value: '', raw }
}

/** The value that begins at `start`, without its escapes and the blanks around it, and the offset of what ended it. */
function readValue(text: string, start: number): [string, number] {
  const octets: Buffer[] = []
  let offset = start
  while (text[offset] === ' ') offset++
  let kept = 0
  for (; offset < text.length && !',;+'.includes(text[offset]!); offset++) {
    const character = String.fromCodePoint(text.codePointAt(offset)!)
    if (character !== '\\') {
      if ('"<>'.includes(character)) throw malformed(`${character} at offset ${offset} is not escaped`)
      octets.push(Buffer.from(character, 'utf8'))
      if (character !== ' ') kept = octets.length
      offset += character.length - 1
      continue
    }
    const pair = text.slice(offset + 1, offset + 3)
    const hexPair = /^[0-9a-f]{2}$/i.test(pair)
    if (!hexPair && !/^[ "#+,;<=>\\]/.test(pair)) throw malformed(`bad escape at offset ${offset}`)
    octets.push(hexPair ? Buffer.from(pair, 'hex') : Buffer.from(pair[0]!, 'latin1'))
    kept = octets.length
    offset += hexPair ? 2 : 1
  }
  return [Buffer.concat(octets.slice(0, kept)).toString('utf8'), offset]
}

function malformed(message: string, cause?: unknown): CodedError {
  return new CodedError('ERR_NAME_MALFORMED', `malformed distinguished name: ${message}`, {
    remedy:
      'Write the name as in RFC 4514, most specific first, for example CN=alice,O=Example,C=DE, with a backslash before , + " \\ < > ;',
    cause,
  })
}
