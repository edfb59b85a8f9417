import { createPublicKey, type KeyObject } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import {
  content,
  contextTag,
  type DerElement,
  DerReader,
  derError,
  encoded,
  inside,
  readBoolean,
  readSmallInteger,
  readUnusedBits,
  tag,
} from '../asn1/der.ts'
import { dottedOid } from '../asn1/oid-names.ts'
import { asBuffer } from '../asn1/strings.ts'
import { readTime } from '../asn1/time.ts'
import { type Name, nameOf } from './name.ts'
import { thumbprint } from './thumbprint.ts'

/** A certificate read from its own bytes (RFC 5280 section 4.1). Immutable; what costs is computed at first use and kept. */
export interface Certificate {
  /** the whole certificate, DER */
  readonly raw: Buffer
  /** the signed part, DER */
  readonly tbs: Buffer
  /** 1, 2 or 3 */
  readonly version: number
  /** content octets of the INTEGER as lower-case hex, at least two digits; never shortened through a number */
  readonly serialNumber: string
  readonly issuer: Name
  readonly subject: Name
  /** `subject.raw`, but asking for it keeps nothing in memory */
  readonly subjectDer: Buffer
  /** subject and SubjectPublicKeyInfo, DER, which stand one behind the other (RFC 5280 section 4.1): who an authority is */
  readonly subjectAndSpki: Buffer
  /** milliseconds since the epoch */
  readonly notBefore: number
  readonly notAfter: number
  /** SubjectPublicKeyInfo, DER */
  readonly spki: Buffer
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** the copy of `signatureAlgorithm` in the signed part: RFC 5280 section 4.1.1.2 wants both the same */
  readonly tbsSignatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  /** by object identifier; a duplicate extension makes the certificate malformed */
  readonly extensions: ReadonlyMap<string, Extension>
  /** SHA-256 over `raw`, lower-case hex */
  readonly thumbprint: string
  /** node:crypto's public key. Throws ERR_CERTIFICATE_MALFORMED where node:crypto cannot read the key */
  publicKey(): KeyObject
}

export interface AlgorithmIdentifier {
  readonly oid: string
  /** the whole AlgorithmIdentifier, DER */
  readonly raw: Buffer
  /** DER of the parameters, undefined when absent */
  readonly parameters: Buffer | undefined
}

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** content of extnValue, DER */
  readonly value: Buffer
}

/**
 * Reads one certificate and nothing after it. Throws ERR_CERTIFICATE_MALFORMED that names what is wrong.
 * The frame is read strictly; what stands inside an extension is read by `extensions.ts` when somebody asks. Oddities of the
 * field that real certificates have (negative, zero or long serial numbers, an explicit FALSE or v1) are read, and judged by `path`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  // a copy: neither can the caller change the certificate afterwards, nor does it keep a whole key store file in memory
  return parse(Buffer.from(der), 'keep')
}

/**
 * The same for one of very many, which is read now and read again when somebody asks: until then it takes little more than its octets.
 * `own`: nobody else has or changes them, so that they need not be copied.
 */
export function parseStoredCertificate(der: Uint8Array, octets: 'own' | 'of a file' = 'of a file'): Certificate {
  return parse(octets === 'own' ? asBuffer(der) : Buffer.from(der), 'read again')
}

function parse(raw: Buffer, fields: 'keep' | 'read again'): Certificate {
  try {
    return new ParsedCertificate(raw, readFields(raw), fields)
  } catch (cause) {
    throw malformed(cause)
  }
}

function readFields(raw: Buffer): Fields {
  const reader = new DerReader(raw)
  const certificate = reader.enter()
  reader.close('the certificate')
  const tbs = certificate.element(tag.sequence)
  const signatureAlgorithm = readAlgorithm(certificate)
  const signature = certificate.element(tag.bitString)
  certificate.close('the certificate')
  if (readUnusedBits(signature) !== 0) throw derError('the signature is not a whole number of octets')
  return { tbs, signatureAlgorithm, signature, ...readTbs(inside(tbs)) }
}

export function malformed(cause: unknown): CodedError {
  if (cause instanceof CodedError && cause.code === 'ERR_CERTIFICATE_MALFORMED') return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CodedError('ERR_CERTIFICATE_MALFORMED', `the certificate is malformed: ${reason}`, {
    remedy:
      'Get the certificate again from its issuer, as DER or PEM. If it is the same, the issuer has to issue it anew.',
    cause,
  })
}

// RFC 5280 section 4.1: TBSCertificate
function readTbs(fields: DerReader): Omit<Fields, 'tbs' | 'signatureAlgorithm' | 'signature'> {
  const version = readVersion(fields)
  const serialNumber = readSerialNumber(fields)
  const tbsSignatureAlgorithm = readAlgorithm(fields)
  const issuer = nameOf(fields.element(tag.sequence))
  const validity = fields.enter()
  const notBefore = readTime(validity.element())
  const notAfter = readTime(validity.element())
  validity.close('the validity')
  const subjectElement = fields.element(tag.sequence)
  const subject = nameOf(subjectElement)
  const spki = fields.element(tag.sequence)
  checkSpki(spki)
  skipUniqueIdentifiers(fields, version)
  const extensions = readExtensions(fields, version)
  fields.close('the signed part')
  const subjectAt = subjectElement.start
  return {
    version,
    serialNumber,
    tbsSignatureAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    subjectAt,
    spki,
    extensions,
  }
}

function readVersion(fields: DerReader): number {
  const explicit = fields.optional(contextTag(0))
  if (explicit === undefined) return 1
  const inner = inside(explicit)
  const version = readSmallInteger(inner.element(tag.integer)) + 1
  inner.close('the version')
  if (version > 3) throw derError(`version ${version} is unknown`)
  return version
}

// Not minimal, negative or empty numbers exist in the field; only an empty one cannot be told from another.
function readSerialNumber(fields: DerReader): DerElement {
  const element = fields.element(tag.integer)
  if (element.contentStart === element.end) throw derError('the serial number is empty')
  return element
}

export function readAlgorithm(reader: DerReader): AlgorithmIdentifier {
  const element = reader.element(tag.sequence)
  const fields = inside(element)
  const oid = dottedOid(fields.element(tag.oid))
  const parameters = fields.done ? undefined : fields.element()
  fields.close('the algorithm identifier')
  return new ReadAlgorithm(oid, element, parameters)
}

// Octets are cut out when somebody asks: of a trust store of many certificates, nobody asks about most.
class ReadAlgorithm implements AlgorithmIdentifier {
  readonly oid: string
  readonly #element: DerElement
  readonly #parameters: DerElement | undefined

  constructor(oid: string, element: DerElement, parameters: DerElement | undefined) {
    this.oid = oid
    this.#element = element
    this.#parameters = parameters
  }

  get raw(): Buffer {
    return asBuffer(encoded(this.#element))
  }

  get parameters(): Buffer | undefined {
    return this.#parameters && asBuffer(encoded(this.#parameters))
  }
}

class ReadExtension implements Extension {
  readonly oid: string
  readonly critical: boolean
  readonly #value: DerElement

  constructor(oid: string, critical: boolean, value: DerElement) {
    this.oid = oid
    this.critical = critical
    this.#value = value
  }

  get value(): Buffer {
    return asBuffer(content(this.#value))
  }
}

function checkSpki(element: DerElement): void {
  const fields = inside(element)
  fields.enter()
  fields.element(tag.bitString)
  fields.close('the public key')
}

// RFC 5280 section 4.1.2.8: not in version 1, and never looked at
function skipUniqueIdentifiers(fields: DerReader, version: number): void {
  const issuer = fields.optional(contextTag(1, 'primitive'))
  const subject = fields.optional(contextTag(2, 'primitive'))
  if (version === 1 && (issuer ?? subject) !== undefined)
    throw derError('unique identifiers in a version 1 certificate')
}

const none: ReadonlyMap<string, Extension> = new Map()

function readExtensions(fields: DerReader, version: number): ReadonlyMap<string, Extension> {
  const explicit = fields.optional(contextTag(3))
  if (explicit === undefined) return none
  // RFC 5280 section 4.1.2.9
  if (version !== 3) throw derError(`extensions in a version ${version} certificate`)
  const wrapper = inside(explicit)
  const extensions = readExtensionList(wrapper.enter())
  wrapper.close('the extensions')
  return extensions
}

/** RFC 5280 section 4.2, for certificates, lists and list entries alike: at least one extension, none twice. */
export function readExtensionList(list: DerReader): ReadonlyMap<string, Extension> {
  if (list.done) throw derError(`empty list of extensions at offset ${list.offset}`)
  const extensions = new Map<string, Extension>()
  while (!list.done) {
    const fields = list.enter()
    const oid = dottedOid(fields.element(tag.oid))
    const criticality = fields.optional(tag.boolean)
    const value = fields.element(tag.octetString)
    fields.close('the extension')
    if (extensions.has(oid)) throw derError(`extension ${oid} occurs twice`)
    extensions.set(oid, new ReadExtension(oid, criticality !== undefined && readBoolean(criticality), value))
  }
  return extensions
}

interface Fields
  extends Pick<
    Certificate,
    | 'version'
    | 'issuer'
    | 'subject'
    | 'notBefore'
    | 'notAfter'
    | 'signatureAlgorithm'
    | 'tbsSignatureAlgorithm'
    | 'extensions'
  > {
  readonly tbs: DerElement
  readonly serialNumber: DerElement
  /** where the subject begins */
  readonly subjectAt: number
  readonly spki: DerElement
  readonly signature: DerElement
}

class ParsedCertificate implements Certificate {
  readonly raw: Buffer
  readonly version: number
  readonly notBefore: number
  readonly notAfter: number
  // Places in `raw` of what an index of many asks for
  readonly #subjectAt: number
  readonly #spkiAt: number
  readonly #spkiEnd: number
  #fields: Fields | undefined
  #thumbprint: string | undefined
  #publicKey: KeyObject | undefined

  constructor(raw: Buffer, fields: Fields, keep: 'keep' | 'read again') {
    this.raw = raw
    this.version = fields.version
    this.notBefore = fields.notBefore
    this.notAfter = fields.notAfter
    this.#subjectAt = fields.subjectAt
    this.#spkiAt = fields.spki.start
    this.#spkiEnd = fields.spki.end
    this.#fields = keep === 'keep' ? fields : undefined
  }

  /** They were read once, so that they can be read again. */
  get #read(): Fields {
    this.#fields ??= readFields(this.raw)
    return this.#fields
  }

  // The key stands right behind the subject.
  get subjectDer(): Buffer {
    return this.raw.subarray(this.#subjectAt, this.#spkiAt)
  }

  get subjectAndSpki(): Buffer {
    return this.raw.subarray(this.#subjectAt, this.#spkiEnd)
  }

  get spki(): Buffer {
    return this.raw.subarray(this.#spkiAt, this.#spkiEnd)
  }

  get tbs(): Buffer {
    return asBuffer(encoded(this.#read.tbs))
  }

  get serialNumber(): string {
    return asBuffer(content(this.#read.serialNumber)).toString('hex')
  }

  get issuer(): Name {
    return this.#read.issuer
  }

  get subject(): Name {
    return this.#read.subject
  }

  get signatureAlgorithm(): AlgorithmIdentifier {
    return this.#read.signatureAlgorithm
  }

  get tbsSignatureAlgorithm(): AlgorithmIdentifier {
    return this.#read.tbsSignatureAlgorithm
  }

  get signature(): Buffer {
    const { bytes, contentStart, end } = this.#read.signature
    // behind the octet that tells the unused bits
    return asBuffer(bytes.subarray(contentStart + 1, end))
  }

  get extensions(): ReadonlyMap<string, Extension> {
    return this.#read.extensions
  }

  get thumbprint(): string {
    this.#thumbprint ??= thumbprint(this.raw)
    return this.#thumbprint
  }

  publicKey(): KeyObject {
    this.#publicKey ??= readPublicKey(this.spki)
    return this.#publicKey
  }
}

function readPublicKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch (cause) {
    throw malformed(new Error('its public key cannot be read', { cause }))
  }
}
