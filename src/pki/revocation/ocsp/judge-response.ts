import { createHash } from 'node:crypto'
import { isCoded } from '../../../errors.ts'
import { content, DerReader, tag } from '../../asn1/der.ts'
import { findEntry, removeFromCrl } from '../../path/crl-entry.ts'
import type { CrlSet } from '../../path/crl-set.ts'
import { keyWeakness } from '../../path/key-weakness.ts'
import { signatureVerifies, signatureWeakness } from '../../path/signature.ts'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { extendedKeyUsage, keyUsage } from '../../x509/extensions.ts'
import { namesMatch } from '../../x509/name-match.ts'
import { CompactCrl } from '../compact-crl.ts'
import type { OcspStatus } from '../sources.ts'
import { isAbout, publicKeyBits } from './cert-id.ts'
import { nonceOid } from './request.ts'
import type { BasicResponse, SingleResponse } from './response.ts'

export interface ResponseQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  /** milliseconds */
  readonly at: number
  /** sent along: the response has to repeat it */
  readonly nonce: Uint8Array | undefined
  /** lists that may say that a delegated responder was revoked */
  readonly crls: CrlSet
}

const minute = 60_000
/** clocks differ */
const skew = 5 * minute
/** for an answer that does not say until when it holds: newer ones are to be had at any time (RFC 6960 section 2.4) */
const withoutNextUpdate = 5 * minute
/** a new certificate may be known to its authority's responder soon */
const unknownHolds = 5 * minute
/** the CA/Browser Forum's longest (4.9.10), and as far as one answer is believed */
const longest = 10 * 24 * 60 * minute

/** RFC 6960 section 3.2: what the response says about the certificate; or why it is not accepted, as a text. */
export function judgeResponse(response: BasicResponse, question: ResponseQuestion): OcspStatus | string {
  const { certificate, issuer, at } = question
  const answers = response.answers.filter(({ id }) => isAbout(id, certificate, issuer))
  // of several the one that says "revoked" counts, then the newest
  const answer =
    answers.find(({ status }) => status === 'revoked') ??
    answers.toSorted((one, other) => other.thisUpdate - one.thisUpdate)[0]
  if (answer === undefined) return 'the answer is about another certificate'
  return (
    checkExtensions(response, answer, question.nonce) ??
    checkSigner(response, question) ??
    checkTimes(response, answer, at) ??
    statusOf(answer, at)
  )
}

function statusOf(answer: SingleResponse, at: number): OcspStatus {
  const { status, revokedAt, reason, thisUpdate, nextUpdate } = answer
  const end = Math.min(nextUpdate ?? at + withoutNextUpdate, thisUpdate + longest)
  return { status, revokedAt, reason, thisUpdate, until: status === 'unknown' ? Math.min(end, at + unknownHolds) : end }
}

// RFC 6960 section 4.4
function checkExtensions(
  { extensions }: BasicResponse,
  answer: SingleResponse,
  nonce: Uint8Array | undefined,
): string | undefined {
  for (const { oid, critical } of [...extensions.values(), ...answer.extensions.values()]) {
    if (critical && oid !== nonceOid) return `the extension ${oid} is critical, and unknown here`
  }
  if (nonce === undefined) return undefined
  const repeated = extensions.get(nonceOid)
  if (repeated === undefined) return 'the answer does not repeat the nonce'
  const octets = content(new DerReader(repeated.value).element(tag.octetString))
  return Buffer.compare(octets, nonce) === 0 ? undefined : 'the answer repeats another nonce'
}

// RFC 6960 section 4.2.2.1
function checkTimes({ producedAt }: BasicResponse, answer: SingleResponse, at: number): string | undefined {
  const { thisUpdate, nextUpdate } = answer
  const time = (millis: number) => `${new Date(millis).toISOString().slice(0, 19)}Z`
  if (thisUpdate > at + skew) return `the answer begins only at ${time(thisUpdate)}`
  if (producedAt > at + skew) return `the answer was made only at ${time(producedAt)}`
  if (nextUpdate !== undefined && nextUpdate < thisUpdate) return 'the answer ends before it begins'
  if (nextUpdate !== undefined && nextUpdate <= at) return `the answer ended at ${time(nextUpdate)}`
  if (thisUpdate + longest <= at) return `the answer is of ${time(thisUpdate)}`
  return undefined
}

// basicConstraints, keyUsage, extendedKeyUsage, subjectAltName, the key identifiers, id-pkix-ocsp-nocheck
const knownOfDelegate = new Set([
  '2.5.29.19',
  '2.5.29.15',
  '2.5.29.37',
  '2.5.29.17',
  '2.5.29.14',
  '2.5.29.35',
  '1.3.6.1.5.5.7.48.1.5',
])
const ocspSigning = '1.3.6.1.5.5.7.3.9'

/**
 * RFC 6960 section 4.2.2.2: the issuer of the certificate signed it, or somebody whom that issuer itself certified for this. Nobody
 * else: no certificate that the client sent, and none that an anchor merely reaches.
 */
function checkSigner(response: BasicResponse, question: ResponseQuestion): string | undefined {
  const { issuer } = question
  const weakness = signatureWeakness(response, new Set())
  if (weakness !== undefined) return `the answer: ${weakness}`
  // an authority that may sign certificates may sign answers about them: RFC 6960 section 4.2.2.2 asks for no more than its key
  const byIssuer = isResponder(response, issuer)
  if (byIssuer && signatureVerifies(response, issuer.publicKey())) return undefined
  let why = byIssuer
    ? 'the signature of the answer does not verify'
    : 'neither the issuer of the certificate nor anybody whom it certified signed the answer'
  for (const der of response.certificates) {
    const delegate = attempt(() => parseCertificate(der))
    if (delegate === undefined || !attempt(() => isResponder(response, delegate))) continue
    const fault = attempt(() => delegateFault(delegate, question), 'its certificate is malformed')
    if (fault !== undefined) why = `the responder ${delegate.subject}: ${fault}`
    else if (attempt(() => signatureVerifies(response, delegate.publicKey()))) return undefined
    else why = 'the signature of the answer does not verify'
  }
  return why
}

function isResponder({ responder }: BasicResponse, certificate: Certificate): boolean {
  if ('name' in responder) return namesMatch(responder.name, certificate.subject)
  return createHash('sha1').update(publicKeyBits(certificate)).digest().equals(responder.keyHash)
}

function delegateFault(delegate: Certificate, { issuer, at, crls }: ResponseQuestion): string | undefined {
  if (!namesMatch(delegate.issuer, issuer.subject)) return 'another authority issued its certificate'
  const weakness = signatureWeakness(delegate, new Set()) ?? keyWeakness(delegate, new Set())
  if (weakness !== undefined) return weakness
  if (!signatureVerifies(delegate, issuer.publicKey())) return 'the signature on its certificate does not verify'
  if (at < delegate.notBefore - skew || at > delegate.notAfter) return 'its certificate is not valid now'
  if (extendedKeyUsage(delegate)?.includes(ocspSigning) !== true) return 'its certificate is not for signing answers'
  if (keyUsage(delegate)?.has('digitalSignature') === false) return 'its key is not for signatures'
  for (const { oid, critical } of delegate.extensions.values()) {
    if (critical && !knownOfDelegate.has(oid))
      return `the extension ${oid} of its certificate is critical, and unknown here`
  }
  // RFC 6960 section 4.2.2.2.1: with id-pkix-ocsp-nocheck it is not asked about; without, the lists at hand may have revoked it
  const unchecked = delegate.extensions.has('1.3.6.1.5.5.7.48.1.5')
  return !unchecked && isListed(delegate, issuer, crls) ? 'its certificate was revoked' : undefined
}

function isListed(delegate: Certificate, issuer: Certificate, crls: CrlSet): boolean {
  return crls.issuedBy(issuer.subject).some(crl => {
    const entry = attempt(() => findEntry(crl, delegate))
    if (entry === undefined || entry.reason === removeFromCrl) return false
    return crl instanceof CompactCrl ? crl.signedBy(issuer) : signatureVerifies(crl, issuer.publicKey())
  })
}

function attempt<T>(read: () => T): T | undefined
function attempt<T>(read: () => T, fallback: T): T
function attempt<T>(read: () => T, fallback?: T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!isCoded(error)) throw error
    return fallback
  }
}
