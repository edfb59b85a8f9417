import { content, contextTag, type DerElement, DerReader, encoded, inside, readOid, tag } from '../../asn1/der.ts'
import { readText } from '../../asn1/strings.ts'
import { berToDer } from '../ber-to-der.ts'
import { keyStoreError } from '../keystore-error.ts'
import { bagType, friendlyNameOid, localKeyIdOid, trustedKeyUsageOid, x509CertificateOid } from './oids.ts'

/** One SafeBag (RFC 7292 section 4.2) of a kind that matters here. */
export interface Bag {
  /** `key`: PrivateKeyInfo, `shrouded-key`: EncryptedPrivateKeyInfo, `certificate`: X.509 DER, `secret`: the whole SafeBag */
  readonly kind: 'key' | 'shrouded-key' | 'certificate' | 'secret'
  readonly value: Buffer
  readonly friendlyName: string | undefined
  readonly localKeyId: Buffer | undefined
  /** Java's mark of a trusted certificate */
  readonly trusted: boolean
}

/** How deep SafeContents may stand in SafeContents; real files do not nest at all. */
const maxNesting = 4

/** All bags of a SafeContents, those of nested ones in their place. CRLs and what is unknown are left out. */
export function readBags(safeContents: Uint8Array, depth = 0): Bag[] {
  if (depth > maxNesting) throw keyStoreError('ERR_KEYSTORE_MALFORMED', 'the contents are nested too deep')
  const list = new DerReader(berToDer(safeContents)).enter()
  const bags: Bag[] = []
  while (!list.done) bags.push(...readBag(list.element(tag.sequence), depth))
  return bags
}

function readBag(element: DerElement, depth: number): Bag[] {
  const bag = inside(element)
  const type = readOid(bag.element(tag.oid))
  const value = bag.enter(contextTag(0))
  if (type === bagType.safeContents) return readBags(encoded(value.element(tag.sequence)), depth + 1)
  const attributes = readAttributes(bag.optional(tag.set))
  const found = readValue(type, value, element)
  return found === undefined ? [] : [{ ...found, ...attributes }]
}

function readValue(type: string, value: DerReader, bag: DerElement): Pick<Bag, 'kind' | 'value'> | undefined {
  switch (type) {
    case bagType.key:
      return { kind: 'key', value: copy(encoded(value.element(tag.sequence))) }
    case bagType.shroudedKey:
      return { kind: 'shrouded-key', value: copy(encoded(value.element(tag.sequence))) }
    case bagType.secret:
      return { kind: 'secret', value: copy(encoded(bag)) }
    case bagType.certificate: {
      const certificate = value.enter()
      if (readOid(certificate.element(tag.oid)) !== x509CertificateOid) return undefined
      return { kind: 'certificate', value: copy(content(certificate.enter(contextTag(0)).element(tag.octetString))) }
    }
    default:
      return undefined
  }
}

type Attributes = Pick<Bag, 'friendlyName' | 'localKeyId' | 'trusted'>

function readAttributes(set: DerElement | undefined): Attributes {
  const found: { -readonly [K in keyof Attributes]: Attributes[K] } = {
    friendlyName: undefined,
    localKeyId: undefined,
    trusted: false,
  }
  const attributes = set === undefined ? undefined : inside(set)
  while (attributes !== undefined && !attributes.done) {
    const attribute = attributes.enter()
    const oid = readOid(attribute.element(tag.oid))
    const values = attribute.enter(tag.set)
    // Java writes the trust mark with a value, but goes by the attribute alone
    if (oid === trustedKeyUsageOid) found.trusted = true
    if (values.done) continue
    const value = values.element()
    if (oid === friendlyNameOid) found.friendlyName = readText(value)
    if (oid === localKeyIdOid && value.tag === tag.octetString) found.localKeyId = copy(content(value))
  }
  return found
}

// a copy keeps one key, not the whole file, in memory
const copy = (octets: Uint8Array) => Buffer.from(octets)
