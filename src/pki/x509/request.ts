// Certification requests, PKCS#10: RFC 2986.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import {
  bitString,
  contextTag,
  type DerElement,
  DerReader,
  der,
  derError,
  encoded,
  inside,
  integer,
  oid,
  readBitString,
  readSmallInteger,
  sequence,
  setOf,
  tag,
} from '../asn1/der.ts'
import { dottedOid } from '../asn1/oid-names.ts'
import { asBuffer } from '../asn1/strings.ts'
import { encodeExtension, encodePublicKey } from './build-extensions.ts'
import { buildName, type NameSource } from './build-name.ts'
import { type AlgorithmIdentifier, type Extension, readAlgorithm, readExtensionList } from './certificate.ts'
import { type GeneralName, readGeneralNames } from './general-name.ts'
import { type Name, nameOf } from './name.ts'
import { type SigningOptions, signerFor } from './sign.ts'

/** What somebody asks to be certified. Nothing in it is true because it is asked for; the signature proves only that the key is theirs. */
export interface CertificateRequest {
  /** the whole request, DER */
  readonly raw: Buffer
  /** the signed part, DER */
  readonly tbs: Buffer
  readonly subject: Name
  /** SubjectPublicKeyInfo, DER */
  readonly spki: Buffer
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  /** the extensions asked for, by object identifier */
  readonly extensions: ReadonlyMap<string, Extension>
  /** the subject alternative names asked for */
  readonly names: readonly GeneralName[]
  /** Throws ERR_REQUEST_MALFORMED where node:crypto cannot read the key */
  publicKey(): KeyObject
}

export interface RequestSource extends SigningOptions {
  readonly subject: NameSource
  /** both halves are needed: the public one is certified, the private one proves possession */
  readonly privateKey: KeyObject
  readonly extensions?: readonly Extension[]
}

/** RFC 2985 section 5.4.2 */
const extensionRequestOid = '1.2.840.113549.1.9.14'

/** A signed request, DER. */
export function buildRequest({ subject, privateKey, extensions = [], ...signing }: RequestSource): Buffer {
  const signer = signerFor(privateKey, signing)
  const wanted = sequence(...extensions.map(encodeExtension))
  const attributes = extensions.length > 0 ? [sequence(oid(extensionRequestOid), setOf(wanted))] : []
  const tbs = sequence(
    integer(0),
    buildName(subject),
    encodePublicKey(privateKey),
    // section 4.1: the set is there even when it is empty
    der(contextTag(0), ...attributes),
  )
  return sequence(tbs, signer.algorithm, bitString(signer.sign(tbs)))
}

/** Reads one request and nothing after it. The signature is not checked here. Throws ERR_REQUEST_MALFORMED. */
export function parseRequest(bytes: Uint8Array): CertificateRequest {
  const raw = Buffer.from(bytes)
  try {
    const reader = new DerReader(raw)
    const request = reader.enter()
    reader.close('the request')
    const tbs = request.element(tag.sequence)
    const signatureAlgorithm = readAlgorithm(request)
    const signature = readBitString(request.element(tag.bitString))
    request.close('the request')
    if (signature.unusedBits !== 0) throw derError('the signature is not a whole number of octets')
    return {
      raw,
      tbs: asBuffer(encoded(tbs)),
      signatureAlgorithm,
      signature: asBuffer(signature.octets),
      ...readSignedPart(inside(tbs)),
    }
  } catch (cause) {
    throw malformed(cause)
  }
}

function readSignedPart(
  fields: DerReader,
): Pick<CertificateRequest, 'subject' | 'spki' | 'extensions' | 'names' | 'publicKey'> {
  const version = readSmallInteger(fields.element(tag.integer))
  if (version !== 0) throw derError(`version ${version} is unknown`)
  const subject = nameOf(fields.element(tag.sequence))
  const spki = asBuffer(encoded(fields.element(tag.sequence)))
  const extensions = readExtensionRequest(fields.optional(contextTag(0)))
  fields.close('the signed part')
  const alternatives = extensions.get('2.5.29.17')
  const names = alternatives === undefined ? [] : readNames(alternatives.value)
  return { subject, spki, extensions, names, publicKey: () => readPublicKey(spki) }
}

const none: ReadonlyMap<string, Extension> = new Map()

/** RFC 2986 section 4.1: attributes that we do not know are none of our business; the one that we know comes once. */
function readExtensionRequest(attributes: DerElement | undefined): ReadonlyMap<string, Extension> {
  let extensions = none
  const list = attributes === undefined ? undefined : inside(attributes)
  while (list !== undefined && !list.done) {
    const attribute = list.enter()
    const type = dottedOid(attribute.element(tag.oid))
    const values = attribute.enter(tag.set)
    attribute.close('the attribute')
    if (type !== extensionRequestOid) continue
    if (extensions !== none) throw derError('two requests for extensions')
    extensions = readExtensionList(values.enter())
    values.close('the request for extensions')
  }
  return extensions
}

function readNames(value: Buffer): GeneralName[] {
  const reader = new DerReader(value)
  const names = readGeneralNames(reader.enter())
  reader.close('the alternative names')
  return names
}

function readPublicKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch (cause) {
    throw malformed(new Error('its public key cannot be read', { cause }))
  }
}

function malformed(cause: unknown): CodedError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CodedError('ERR_REQUEST_MALFORMED', `the certificate request is malformed: ${reason}`, {
    remedy: 'Make the request again and hand it over as a file: PKCS#10, DER or PEM.',
    cause,
  })
}
