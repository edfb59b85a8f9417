import { hash, randomBytes } from 'node:crypto'
import { contextTag, der, explicit, integer, octetString, oid, sequence, setOf, tag } from '../../asn1/der.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { KeyStore, KeyStoreEntry, PrivateKeyEntry } from '../keystore.ts'
import { keyStoreError } from '../keystore-error.ts'
import { utf16be } from '../pbe/password-encodings.ts'
import type { KeyOf } from '../save.ts'
import { encryptPbes2 } from '../seal-key.ts'
import { encodeMac } from './mac.ts'
import {
  anyExtendedKeyUsageOid,
  bagType,
  contentType,
  friendlyNameOid,
  localKeyIdOid,
  trustedKeyUsageOid,
  x509CertificateOid,
} from './oids.ts'

export interface Pkcs12Options {
  readonly password: string
  readonly keyOf: KeyOf
}

/** A PFX in DER as the JDK 17 and OpenSSL 3 write and read it: certificates under PBES2, a MAC with HMAC-SHA-256. */
export function encodePkcs12(store: KeyStore, { password, keyOf }: Pkcs12Options): Buffer {
  const authenticatedSafe = sequence(...safes(store, password, keyOf))
  return sequence(
    integer(3),
    sequence(oid(contentType.data), explicit(0, octetString(authenticatedSafe))),
    encodeMac(authenticatedSafe, password),
  )
}

/**
 * Keys in a part of their own in front, as the JDK does it, where that is the order of the entries. Otherwise one part holds all of
 * them, for order is all that a reader has to go by.
 */
function safes(store: KeyStore, password: string, keyOf: KeyOf): Buffer[] {
  const isTrusted = (entry: KeyStoreEntry) => entry.kind === 'trusted-certificate'
  const firstTrusted = store.entries.findIndex(isTrusted)
  const keysFirst = firstTrusted < 0 || store.entries.slice(firstTrusted).every(isTrusted)

  const writer = new BagWriter(store, keyOf)
  const others = store.otherCertificates.flatMap(certificate => writer.chainCertificate(certificate))
  const bags = store.entries.map(entry => writer.bagsOf(entry))
  if (!keysFirst) return [encryptedSafe([...bags.flat(), ...others], password)]
  const inFront = bags.flatMap(list => list.filter(bag => bag.kind === 'key'))
  const behind = [...bags.flatMap(list => list.filter(bag => bag.kind === 'certificate')), ...others]
  return [
    ...(inFront.length > 0 ? [plainSafe(inFront)] : []),
    ...(behind.length > 0 ? [encryptedSafe(behind, password)] : []),
  ]
}

interface EncodedBag {
  readonly kind: 'key' | 'certificate'
  readonly der: Buffer
}

class BagWriter {
  readonly #keyOf: KeyOf
  /** thumbprints of certificates that need not be written once more as part of a chain */
  readonly #written: Set<string>
  readonly #keyIds = new Set<string>()
  /** by date: the next one that no key has */
  readonly #nextFree = new Map<number, number>()

  constructor(store: KeyStore, keyOf: KeyOf) {
    this.#keyOf = keyOf
    const trusted = store.entries.filter(entry => entry.kind === 'trusted-certificate')
    this.#written = new Set(trusted.map(({ certificate }) => certificate.thumbprint))
  }

  bagsOf(entry: KeyStoreEntry): EncodedBag[] {
    switch (entry.kind) {
      case 'private-key':
        return this.#keyBags(entry)
      case 'trusted-certificate': {
        const trusted = attribute(trustedKeyUsageOid, oid(anyExtendedKeyUsageOid))
        const { created } = entry
        const date = created === undefined ? [] : [attribute(localKeyIdOid, octetString(timeId(created)))]
        return [certificateBag(entry.certificate, [friendlyName(entry), trusted, ...date])]
      }
      case 'secret-key':
        if (entry.bag === undefined) {
          throw keyStoreError('ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE', `the secret key ${entry.alias} cannot be converted`)
        }
        return [{ kind: 'key', der: entry.bag }]
    }
  }

  chainCertificate(certificate: Certificate): EncodedBag[] {
    if (this.#written.has(certificate.thumbprint)) return []
    this.#written.add(certificate.thumbprint)
    return [certificateBag(certificate, [])]
  }

  #keyBags(entry: PrivateKeyEntry): EncodedBag[] {
    const { form, der: key } = this.#keyOf(entry)
    const attributes = [friendlyName(entry), attribute(localKeyIdOid, octetString(this.#keyIdOf(entry)))]
    const type = form === 'sealed' ? bagType.shroudedKey : bagType.key
    const [leaf, ...issuers] = entry.chain
    return [
      { kind: 'key', der: bag(type, key, attributes) },
      ...(leaf === undefined ? [] : [certificateBag(leaf, attributes)]),
      ...issuers.flatMap(issuer => this.chainCertificate(issuer)),
    ]
  }

  /**
   * Java keeps the date of a key here, and shows none of a certificate. Two keys of the same millisecond would get each other's
   * certificates, so the later one becomes younger.
   */
  #keyIdOf({ created, held, chain }: PrivateKeyEntry): Buffer {
    if (created !== undefined) {
      let time = this.#nextFree.get(created) ?? created
      while (!this.#takeKeyId(timeId(time))) time++
      this.#nextFree.set(created, time + 1)
      return timeId(time)
    }
    const usual = held.localKeyId ?? (chain[0] && hash('sha1', chain[0].raw, 'buffer'))
    return usual !== undefined && this.#takeKeyId(usual) ? usual : randomBytes(20)
  }

  #takeKeyId(id: Buffer): boolean {
    const key = id.toString('hex')
    return !this.#keyIds.has(key) && this.#keyIds.add(key) !== undefined
  }
}

const timeId = (time: number) => Buffer.from(`Time ${Math.trunc(time)}`)

function certificateBag({ raw }: Certificate, attributes: Buffer[]): EncodedBag {
  const value = sequence(oid(x509CertificateOid), explicit(0, octetString(raw)))
  return { kind: 'certificate', der: bag(bagType.certificate, value, attributes) }
}

function bag(type: string, value: Buffer, attributes: Buffer[]): Buffer {
  return sequence(oid(type), explicit(0, value), ...(attributes.length > 0 ? [setOf(...attributes)] : []))
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), setOf(value))
}

function friendlyName({ label, alias }: KeyStoreEntry): Buffer {
  return attribute(friendlyNameOid, der(tag.bmpString, utf16be(label ?? alias)))
}

function plainSafe(bags: readonly EncodedBag[]): Buffer {
  return sequence(oid(contentType.data), explicit(0, octetString(safeContents(bags))))
}

/** EncryptedData (RFC 5652 section 8) */
function encryptedSafe(bags: readonly EncodedBag[], password: string): Buffer {
  const { algorithm, ciphertext } = encryptPbes2(safeContents(bags), password)
  const info = sequence(oid(contentType.data), algorithm, der(contextTag(0, 'primitive'), ciphertext))
  return sequence(oid(contentType.encryptedData), explicit(0, sequence(integer(0), info)))
}

const safeContents = (bags: readonly EncodedBag[]) => sequence(...bags.map(one => one.der))
