import { type Name, type NameAttribute, readRdns } from './name.ts'

/**
 * RFC 5280 section 7.1: whether two names are the same name, however their texts are encoded. Relative names count in their order.
 * For finding an issuer, whose key then has to verify, and for name constraints: never for saying who somebody is (invariant 7).
 */
export function namesMatch(one: Name, other: Name): boolean {
  return one.raw.equals(other.raw) || nameMatchKey(one) === nameMatchKey(other)
}

const keys = new WeakMap<Name, { whole: string; rdns: readonly string[] }>()

/** One string for all names that match: a key for maps. */
export function nameMatchKey(name: Name): string {
  return keysOf(name).whole
}

/** The same of the name of a certificate, which was checked as that was read. Nothing is remembered: of many, nobody asks again. */
export function nameMatchKeyOf(der: Uint8Array): string {
  return makeKeys(readRdns(der)).whole
}

/** One string for each relative name: a name constraint is a prefix of this list. */
export function rdnMatchKeys(name: Name): readonly string[] {
  return keysOf(name).rdns
}

/** RFC 5280 section 3.2: whether issuer and subject are the same. */
export function isSelfIssued(certificate: { readonly issuer: Name; readonly subject: Name }): boolean {
  return namesMatch(certificate.issuer, certificate.subject)
}

function keysOf(name: Name): { whole: string; rdns: readonly string[] } {
  const before = keys.get(name)
  if (before !== undefined) return before
  const made = makeKeys(name.rdns)
  keys.set(name, made)
  return made
}

function makeKeys(names: Name['rdns']): { whole: string; rdns: readonly string[] } {
  const rdns = names.map(rdn => (rdn.length === 1 ? attributeKey(rdn[0]!) : rdn.map(attributeKey).toSorted().join('+')))
  return { whole: `${rdns.length}|${rdns.join('|')}`, rdns }
}

// The length in front keeps a value from imitating a separator. A value without text matches only the same octets.
function attributeKey({ oid, value, raw }: NameAttribute): string {
  if (value === undefined) return `${oid}#${raw.toString('hex')}`
  const text = fold(value)
  return `${oid}:${text.length}:${text}`
}

const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/

// RFC 5280 section 7.1 with RFC 4518: compatibility form, case folded, white space at the ends gone and inside one blank
function fold(text: string): string {
  if (plain.test(text)) return text.toLowerCase()
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').trim().replace(/\s+/g, ' ')
}
