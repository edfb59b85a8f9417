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
}
