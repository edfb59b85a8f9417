import { CodedError } from '../../errors.ts'
import {
  content,
  contextTag,
  type DerElement,
  DerReader,
  derError,
  inside,
  readBitString,
  readSmallInteger,
  tag,
} from '../asn1/der.ts'
import { asBuffer } from '../asn1/strings.ts'
import { readTime } from '../asn1/time.ts'
import { type AlgorithmIdentifier, type Extension, readAlgorithm, readExtensionList } from './certificate.ts'
import { CrlIndex } from './crl-index.ts'
import { type Name, nameOf } from './name.ts'

/** A certificate revocation list (RFC 5280 section 5). Immutable; its entries are indexed at the first look-up. */
export interface Crl {
  readonly raw: Buffer
  /** the signed part, DER */
  readonly tbs: Buffer
  /** 1 or 2 */
  readonly version: number
  readonly issuer: Name
  /** milliseconds since the epoch */
  readonly thisUpdate: number
  /** undefined when the list does not say until when it holds */
  readonly nextUpdate: number | undefined
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly tbsSignatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  readonly extensions: ReadonlyMap<string, Extension>
  /** number of entries. Throws ERR_CRL_MALFORMED when the entries are broken, as do `find` and `entries` */
  readonly size: number
  /** object identifiers of the critical extensions of any entry: who does not know them all must not use the list (RFC 5280 section 5.3) */
  readonly criticalEntryExtensions: ReadonlySet<string>
  /** every entry with that serial number (hex, as Certificate.serialNumber); an indirect list may hold several */
  find(serialNumber: string): CrlEntry[]
  entries(): Generator<CrlEntry>
}

export interface CrlEntry {
  /** lower-case hex */
  readonly serialNumber: string
  /** milliseconds since the epoch */
  readonly revocationDate: number
  readonly extensions: ReadonlyMap<string, Extension>
  /** CRLReason (RFC 5280 section 5.3.1); undefined when not given */
  readonly reason: number | undefined
  /** names of the issuer of the revoked certificate when the list is indirect and an entry up to here named it */
  readonly certificateIssuer: Extension | undefined
}

/** Reads one list and nothing after it. Throws ERR_CRL_MALFORMED. */
export function parseCrl(der: Uint8Array): Crl {
  const raw = Buffer.from(der)
  try {
    const reader = new DerReader(raw)
    const list = reader.enter()
    reader.close('the list')
    const tbs = list.element(tag.sequence)
    const signatureAlgorithm = readAlgorithm(list)
    const signature = readBitString(list.element(tag.bitString))
    list.close('the list')
    if (signature.unusedBits !== 0) throw derError('the signature is not a whole number of octets')
    return new ParsedCrl(raw, tbs, signatureAlgorithm, asBuffer(signature.octets))
  } catch (cause) {
    throw crlMalformed(cause)
  }
}

export function crlMalformed(cause: unknown): CodedError {
  if (cause instanceof CodedError && cause.code === 'ERR_CRL_MALFORMED') return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CodedError('ERR_CRL_MALFORMED', `the revocation list is malformed: ${reason}`, {
    remedy: 'Get the list again from its issuer, as DER or PEM.',
    cause,
  })
}

const empty: ReadonlyMap<string, Extension> = new Map()

class ParsedCrl implements Crl {
  readonly raw: Buffer
  readonly tbs: Buffer
  readonly version: number
  readonly tbsSignatureAlgorithm: AlgorithmIdentifier
  readonly issuer: Name
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly extensions: ReadonlyMap<string, Extension>
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  readonly #revoked: DerElement | undefined
  #index: CrlIndex | undefined

  // RFC 5280 section 5.1: TBSCertList
  constructor(raw: Buffer, tbs: DerElement, signatureAlgorithm: AlgorithmIdentifier, signature: Buffer) {
    this.raw = raw
    this.tbs = raw.subarray(tbs.start, tbs.end)
    this.signatureAlgorithm = signatureAlgorithm
    this.signature = signature
    const fields = inside(tbs)
    const version = fields.optional(tag.integer)
    this.version = version === undefined ? 1 : readSmallInteger(version) + 1
    if (this.version > 2) throw derError(`version ${this.version} is unknown`)
    this.tbsSignatureAlgorithm = readAlgorithm(fields)
    this.issuer = nameOf(fields.element(tag.sequence))
    this.thisUpdate = readTime(fields.element())
    const next = fields.optional(tag.utcTime) ?? fields.optional(tag.generalizedTime)
    this.nextUpdate = next === undefined ? undefined : readTime(next)
    this.#revoked = fields.optional(tag.sequence)
    this.extensions = readListExtensions(fields.optional(contextTag(0)), this.version)
    fields.close('the signed part of the list')
  }

  get size(): number {
    return this.#entries().size
  }

  get criticalEntryExtensions(): ReadonlySet<string> {
    return this.#entries().critical
  }

  find(serialNumber: string): CrlEntry[] {
    return this.#guard(() =>
      this.#entries()
        .find(serialNumber)
        .map(([offset, issuer]) => this.#entry(offset, issuer)),
    )
  }

  *entries(): Generator<CrlEntry> {
    for (const [offset, issuer] of this.#entries().all()) yield this.#guard(() => this.#entry(offset, issuer))
  }

  #entries(): CrlIndex {
    this.#index ??= this.#guard(() => new CrlIndex(this.raw, this.#revoked))
    return this.#index
  }

  #entry(offset: number, certificateIssuer: Extension | undefined): CrlEntry {
    const fields = new DerReader(this.raw, offset).enter()
    const serialNumber = asBuffer(content(fields.element(tag.integer))).toString('hex')
    const revocationDate = readTime(fields.element())
    const extensions = fields.done ? empty : readExtensionList(fields.enter())
    const reason = extensions.get('2.5.29.21')
    return { serialNumber, revocationDate, extensions, reason: reason && readReason(reason.value), certificateIssuer }
  }

  #guard<T>(read: () => T): T {
    try {
      return read()
    } catch (cause) {
      throw crlMalformed(cause)
    }
  }
}

function readListExtensions(explicit: DerElement | undefined, version: number): ReadonlyMap<string, Extension> {
  if (explicit === undefined) return empty
  // RFC 5280 section 5.1.2.1
  if (version !== 2) throw derError('extensions in a version 1 list')
  const wrapper = inside(explicit)
  const extensions = readExtensionList(wrapper.enter())
  wrapper.close('the extensions of the list')
  return extensions
}

/** CRLReason (RFC 5280 section 5.3.1) from the content of its extension. */
export function readReason(value: Buffer): number {
  const reader = new DerReader(value)
  const element = reader.element(tag.enumerated)
  reader.close('the reason')
  return readSmallInteger(element)
}
