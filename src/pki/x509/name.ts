import { type DerElement, DerReader, derError, encoded, inside, tag } from '../asn1/der.ts'
import { attributeNames, dottedOid } from '../asn1/oid-names.ts'
import { asBuffer, readText } from '../asn1/strings.ts'

/** A distinguished name (RFC 5280 section 4.1.2.4). Compared by its exact bytes, never by its text (invariant 7). */
export interface Name {
  readonly raw: Buffer
  /** relative names in the order of the encoding; each is a set of attributes */
  readonly rdns: readonly (readonly NameAttribute[])[]
  /** RFC 4514 text: reversed order, escaped: for people and logs only */
  toString(): string
}

export interface NameAttribute {
  readonly oid: string
  /** decoded text; undefined when the value is no string type */
  readonly value: string | undefined
  /** the value, DER */
  readonly raw: Buffer
}

/** Reads a whole Name from its DER. Throws ERR_DER_MALFORMED. */
export function readName(raw: Uint8Array): Name {
  const reader = new DerReader(raw)
  const name = nameOf(reader.element(tag.sequence))
  reader.close('the name')
  return name
}

/** The Name that `element` is. Its structure is checked now, its texts are decoded when asked for. */
export function nameOf(element: DerElement): Name {
  checkStructure(element)
  return new DistinguishedName(element)
}

// A structure that was checked once can never make toString() throw in the middle of a log line.
function checkStructure(element: DerElement): void {
  const rdns = inside(element)
  while (!rdns.done) {
    const attributes = rdns.enter(tag.set)
    if (attributes.done) throw derError(`empty relative name at offset ${attributes.offset}`)
    while (!attributes.done) {
      const attribute = attributes.enter()
      dottedOid(attribute.element(tag.oid))
      attribute.element()
      attribute.close('the attribute')
    }
  }
}

class DistinguishedName implements Name {
  readonly #element: DerElement
  #raw: Buffer | undefined
  #rdns: readonly (readonly NameAttribute[])[] | undefined
  #text: string | undefined

  constructor(element: DerElement) {
    this.#element = element
  }

  get raw(): Buffer {
    this.#raw ??= asBuffer(encoded(this.#element))
    return this.#raw
  }

  get rdns(): readonly (readonly NameAttribute[])[] {
    this.#rdns ??= readRdns(this.raw)
    return this.#rdns
  }

  toString(): string {
    this.#text ??= this.rdns
      .toReversed()
      .map(rdn => rdn.map(attributeText).join('+'))
      .join(',')
    return this.#text
  }

  toJSON(): string {
    return this.toString()
  }
}

/** The relative names of a Name whose structure was checked. */
export function readRdns(raw: Uint8Array): NameAttribute[][] {
  const rdns: NameAttribute[][] = []
  const names = new DerReader(raw).enter()
  while (!names.done) {
    const rdn: NameAttribute[] = []
    const attributes = names.enter(tag.set)
    while (!attributes.done) {
      const attribute = attributes.enter()
      const oid = dottedOid(attribute.element(tag.oid))
      const value = attribute.element()
      rdn.push({ oid, value: readText(value), raw: asBuffer(encoded(value)) })
    }
    rdns.push(rdn)
  }
  return rdns
}

// RFC 4514 section 2.4: #hex for a value that has no text, or whose type has no name
function attributeText({ oid, value, raw }: NameAttribute): string {
  const type = attributeNames.get(oid)
  return type === undefined || value === undefined
    ? `${type ?? oid}=#${raw.toString('hex')}`
    : `${type}=${escapeValue(value)}`
}

const mustEscape = /[\\"+,;<>]|^[ #]| $/g
// Not asked for by RFC 4514, but names end up in logs and terminals: controls, line separators and text-direction marks.
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

function escapeValue(text: string): string {
  return text
    .replace(mustEscape, char => `\\${char}`)
    .replace(unprintable, char =>
      Array.from(Buffer.from(char), octet => `\\${octet.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
    )
}

/** Whether two names have the same encoding. */
export function sameName(one: Name, other: Name): boolean {
  return one.raw.equals(other.raw)
}

/** Text of each attribute of that type, in the order of the encoding; values without text are left out. */
export function attributeValues(name: Name, oid: string): string[] {
  return name.rdns
    .flat()
    .flatMap(attribute => (attribute.oid === oid && attribute.value !== undefined ? [attribute.value] : []))
}

/** The exact bytes of the name as a key for maps. */
export function nameKey(name: Name): string {
  return name.raw.toString('latin1')
}
