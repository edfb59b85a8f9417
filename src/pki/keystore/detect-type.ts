import { tag } from '../asn1/der.ts'
import { looksLikePem } from '../x509/pem.ts'
import { jceksMagic, jksMagic } from './jks/read-jks.ts'
import type { KeyStoreType } from './keystore.ts'
import { keyStoreError } from './keystore-error.ts'

/** The shortest file that can be told: a PKCS#12 header. */
const enough = 5

/**
 * The type of a key store by its content. Throws what fits best for anything else: ERR_KEYSTORE_TRUNCATED, ERR_KEYSTORE_BOUNCY_CASTLE,
 * ERR_KEYSTORE_UNKNOWN_FORMAT.
 */
export function detectType(bytes: Uint8Array, file: string): KeyStoreType {
  const octets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (octets.length === 0) throw keyStoreError('ERR_KEYSTORE_TRUNCATED', `${file} is empty`)
  if (octets.length < enough) throw keyStoreError('ERR_KEYSTORE_TRUNCATED', `${file} has only ${octets.length} octets`)
  const magic = octets.readUInt32BE()
  if (magic === jksMagic) return 'JKS'
  if (magic === jceksMagic) return 'JCEKS'
  // a PEM file may begin with any text, with a "0" too
  if (octets[0] === tag.sequence && !isText(octets)) return checkDer(octets, file)
  if (looksLikePem(octets)) return 'PEM'
  const bouncyCastle = bouncyCastleType(octets)
  if (bouncyCastle !== undefined) throw isBouncyCastle(file, bouncyCastle)
  throw keyStoreError('ERR_KEYSTORE_UNKNOWN_FORMAT', `${file} is neither JKS, JCEKS, PKCS#12 nor PEM`)
}

function isText(octets: Buffer): boolean {
  return octets.subarray(0, 5).every(octet => (octet >= 0x20 && octet < 0x7f) || (octet >= 0x09 && octet <= 0x0d))
}

/** A PFX begins with its version, 3; what else begins with a SEQUENCE deserves a better answer than "malformed". */
function checkDer(octets: Buffer, file: string): 'PKCS12' {
  const [first, second, third] = leadingTags(octets)
  const mistaken = (what: string, remedy: string) =>
    keyStoreError('ERR_KEYSTORE_UNKNOWN_FORMAT', `${file} is ${what}, no key store`, { remedy })
  switch (first?.tag) {
    case undefined:
      throw keyStoreError('ERR_KEYSTORE_TRUNCATED', `${file} ends in the middle of its header`)
    case tag.integer:
      if (octets[first.contentStart] === 0) {
        throw mistaken('a private key in DER', 'Turn it to PEM: openssl pkey -inform DER -in FILE')
      }
      return 'PKCS12'
    case tag.oid:
      throw mistaken('a PKCS#7 file', 'Turn it to PEM: openssl pkcs7 -inform DER -print_certs -in FILE')
    case tag.sequence:
      if (second?.tag === tag.sequence && third?.tag === tag.oid) throw isBouncyCastle(file, 'BCFKS')
      if (second?.tag === tag.oid) {
        throw mistaken('an encrypted private key in DER', 'Turn it to PEM: openssl pkcs8 -inform DER -in FILE')
      }
      throw mistaken('a single certificate in DER', 'Turn it to PEM: openssl x509 -inform DER -in FILE')
    default:
      throw keyStoreError('ERR_KEYSTORE_UNKNOWN_FORMAT', `${file} is ASN.1, but no PKCS#12 file`)
  }
}

interface LeadingTag {
  readonly tag: number
  readonly contentStart: number
}

/** The tags of the first element in the outermost one, of the first one in that, and so on: three at most. */
function leadingTags(octets: Buffer): LeadingTag[] {
  const found: LeadingTag[] = []
  let at = afterLength(octets, 1)
  while (found.length < 3 && at !== undefined && at < octets.length) {
    const tagOctet = octets[at]!
    at = afterLength(octets, at + 1)
    if (at === undefined) {
      // the tag is there, its length is cut off
      if (found.length === 0) found.push({ tag: tagOctet, contentStart: octets.length })
      return found
    }
    found.push({ tag: tagOctet, contentStart: at })
  }
  return found
}

function afterLength(octets: Buffer, at: number): number | undefined {
  const first = octets[at]
  if (first === undefined) return undefined
  return at + 1 + (first > 0x80 ? first & 0x7f : 0)
}

type BouncyCastleType = 'BKS' | 'UBER' | 'BCFKS'

/** BKS and UBER: a version from 0 to 2, a salt of 20 octets with its length, a count of iterations; then BKS shows its entries. */
function bouncyCastleType(octets: Buffer): BouncyCastleType | undefined {
  if (octets.length < 8 || octets.readUInt32BE() > 2) return undefined
  const saltLength = octets.readUInt32BE(4)
  if (saltLength < 8 || saltLength > 64) return undefined
  const entries = octets.subarray(8 + saltLength + 4)
  const empty = entries[0] === 0 && entries.length === 21
  const alias = entries.length > 3 ? entries.subarray(3, 3 + entries.readUInt16BE(1)) : Buffer.alloc(0)
  const entry = entries[0]! >= 1 && entries[0]! <= 4 && alias.length > 0 && alias.every(octet => octet >= 0x20)
  return empty || entry ? 'BKS' : 'UBER'
}

function isBouncyCastle(file: string, type: BouncyCastleType) {
  return keyStoreError('ERR_KEYSTORE_BOUNCY_CASTLE', `${file} is a ${type} key store of Bouncy Castle`)
}
