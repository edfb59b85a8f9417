import { CodedError } from '../../../errors.ts'
import {
  content,
  contextTag,
  type DerReader,
  derError,
  encoded,
  inside,
  readBitString,
  readOid,
  readSmallInteger,
  readWhole,
  tag,
} from '../../asn1/der.ts'
import { asBuffer } from '../../asn1/strings.ts'
import { readTime } from '../../asn1/time.ts'
import { type AlgorithmIdentifier, type Extension, readAlgorithm, readExtensionList } from '../../x509/certificate.ts'
import { type Name, nameOf } from '../../x509/name.ts'
import { type CertId, readCertId } from './cert-id.ts'

/** A response as it came: nothing is believed of it yet (RFC 6960 section 4.2.1). Times in milliseconds. */
export interface BasicResponse {
  /** the signed part, DER */
  readonly tbs: Buffer
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  readonly responder: { readonly name: Name } | { readonly keyHash: Buffer }
  readonly producedAt: number
  readonly answers: readonly SingleResponse[]
  readonly extensions: ReadonlyMap<string, Extension>
  /** DER of the certificates that came along */
  readonly certificates: readonly Buffer[]
}

export interface SingleResponse {
  readonly id: CertId
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly revokedAt: number | undefined
  readonly reason: number | undefined
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly extensions: ReadonlyMap<string, Extension>
}

/** RFC 6960 section 4.2.1 */
const statusWords: Readonly<Record<number, string>> = {
  1: 'the responder found the request malformed',
  2: 'the responder has an internal error',
  3: 'the responder says: try later',
  5: 'the responder wants signed requests',
  6: 'the responder does not answer about this certificate',
}

const basicOid = '1.3.6.1.5.5.7.48.1.1'
/** more than any responder sends with one answer */
const mostAnswers = 100
const mostCertificates = 8

/** Reads an OCSPResponse. Throws ERR_OCSP_UNSUCCESSFUL when the responder has no answer, ERR_OCSP_MALFORMED when it makes no sense. */
export function parseOcspResponse(der: Uint8Array): BasicResponse {
  try {
    const fields = readWhole(der, tag.sequence, 'the response')
    const status = readSmallInteger(fields.element(tag.enumerated))
    if (status !== 0) throw unsuccessful(status)
    const bytes = inside(fields.element(contextTag(0))).enter()
    fields.close('the response')
    const type = readOid(bytes.element(tag.oid))
    if (type !== basicOid) throw derError(`responses of type ${type} are unknown`)
    const basic = content(bytes.element(tag.octetString))
    bytes.close('the response bytes')
    // a copy, so that what is kept of it does not keep all that came
    return readBasic(Buffer.from(basic))
  } catch (cause) {
    throw cause instanceof CodedError && cause.code === 'ERR_OCSP_UNSUCCESSFUL' ? cause : malformed(cause)
  }
}

function readBasic(der: Buffer): BasicResponse {
  const fields = readWhole(der, tag.sequence, 'the basic response')
  const tbs = fields.element(tag.sequence)
  const signatureAlgorithm = readAlgorithm(fields)
  const signature = readBitString(fields.element(tag.bitString))
  if (signature.unusedBits !== 0) throw derError('the signature is not a whole number of octets')
  const certificates: Buffer[] = []
  const explicit = fields.optional(contextTag(0))
  if (explicit !== undefined) {
    const wrapper = inside(explicit)
    const list = wrapper.enter()
    wrapper.close('the certificates')
    while (!list.done) {
      if (certificates.length === mostCertificates) throw derError(`more than ${mostCertificates} certificates`)
      certificates.push(asBuffer(encoded(list.element(tag.sequence))))
    }
  }
  fields.close('the basic response')
  return {
    tbs: asBuffer(encoded(tbs)),
    signatureAlgorithm,
    signature: asBuffer(signature.octets),
    certificates,
    ...readData(inside(tbs)),
  }
}

function readData(fields: DerReader): Pick<BasicResponse, 'responder' | 'producedAt' | 'answers' | 'extensions'> {
  const version = fields.optional(contextTag(0))
  if (version !== undefined && readSmallInteger(only(inside(version))) !== 0) throw derError('the version is unknown')
  const responder = readResponder(fields)
  const producedAt = readTime(fields.element(tag.generalizedTime))
  const list = fields.enter()
  const answers: SingleResponse[] = []
  while (!list.done) {
    if (answers.length === mostAnswers) throw derError(`more than ${mostAnswers} answers`)
    answers.push(readSingle(list.enter()))
  }
  const extensions = readExplicitExtensions(fields)
  fields.close('the response data')
  return { responder, producedAt, answers, extensions }
}

function readResponder(fields: DerReader): BasicResponse['responder'] {
  const element = fields.element()
  const inner = only(inside(element))
  if (element.tag === contextTag(1) && inner.tag === tag.sequence) return { name: nameOf(inner) }
  if (element.tag === contextTag(2) && inner.tag === tag.octetString) return { keyHash: asBuffer(content(inner)) }
  throw derError(`tag 0x${element.tag.toString(16)} names no responder`)
}

function readSingle(fields: DerReader): SingleResponse {
  const id = readCertId(fields)
  const status = readStatus(fields)
  const thisUpdate = readTime(fields.element(tag.generalizedTime))
  const next = fields.optional(contextTag(0))
  const nextUpdate = next === undefined ? undefined : readTime(only(inside(next), tag.generalizedTime))
  const extensions = readExplicitExtensions(fields)
  fields.close('the answer')
  return { id, ...status, thisUpdate, nextUpdate, extensions }
}

function readStatus(fields: DerReader): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> {
  const element = fields.element()
  if (element.tag === contextTag(1)) {
    const info = inside(element)
    const revokedAt = readTime(info.element(tag.generalizedTime))
    const reason = info.optional(contextTag(0))
    info.close('the revocation')
    return {
      status: 'revoked',
      revokedAt,
      reason: reason === undefined ? undefined : readSmallInteger(only(inside(reason), tag.enumerated)),
    }
  }
  // both are NULL with another tag
  const empty = element.contentStart === element.end
  if (element.tag === contextTag(0, 'primitive') && empty)
    return { status: 'good', revokedAt: undefined, reason: undefined }
  if (element.tag === contextTag(2, 'primitive') && empty)
    return { status: 'unknown', revokedAt: undefined, reason: undefined }
  throw derError(`tag 0x${element.tag.toString(16)} is no status`)
}

function readExplicitExtensions(fields: DerReader): ReadonlyMap<string, Extension> {
  const explicit = fields.optional(contextTag(1))
  if (explicit === undefined) return new Map()
  const wrapper = inside(explicit)
  const extensions = readExtensionList(wrapper.enter())
  wrapper.close('the extensions')
  return extensions
}

/** The one element that there is. */
function only(reader: DerReader, expected?: number) {
  const element = reader.element(expected)
  reader.close('the field')
  return element
}

function unsuccessful(status: number): CodedError {
  return new CodedError('ERR_OCSP_UNSUCCESSFUL', statusWords[status] ?? `the responder answers with status ${status}`, {
    remedy: 'The operator of the responder has to look at it. It is asked again by itself.',
  })
}

function malformed(cause: unknown): CodedError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CodedError('ERR_OCSP_MALFORMED', `the answer of the responder is malformed: ${reason}`, {
    remedy: 'Check that the address is that of an OCSP responder. It is asked again by itself.',
    cause,
  })
}
