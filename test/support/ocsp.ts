// A responder in memory: makes answers of every kind, right and wrong.
import { createHash } from 'node:crypto'
import {
  bitString,
  content,
  contextTag,
  DerReader,
  der,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  tag,
} from '../../src/pki/asn1/der.ts'
import { encodeCertId, publicKeyBits } from '../../src/pki/revocation/ocsp/cert-id.ts'
import { encodeExtension, rawExtension } from '../../src/pki/x509/build-extensions.ts'
import type { Extension } from '../../src/pki/x509/certificate.ts'
import { signerFor } from '../../src/pki/x509/sign.ts'
import type { Issued } from './certificates.ts'

export interface AnswerOptions {
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly thisUpdate: number
  readonly nextUpdate?: number
  readonly producedAt?: number
  /** who signs; default: the issuer */
  readonly signer?: Issued
  /** certificates that are sent along; default: the signer when it is not the issuer */
  readonly certificates?: readonly Issued[]
  readonly responder?: 'name' | 'key'
  readonly nonce?: Uint8Array
  readonly extensions?: readonly Extension[]
  /** about this one instead */
  readonly about?: Issued
  readonly insecureSha1?: true
}

/** An OCSPResponse, DER. */
export function ocspResponse(certificate: Issued, issuer: Issued, options: AnswerOptions): Buffer {
  const { signer = issuer, responder = 'key', thisUpdate, nextUpdate, producedAt = thisUpdate } = options
  const extensions = [
    ...(options.nonce ? [rawExtension('1.3.6.1.5.5.7.48.1.2', octetString(options.nonce))] : []),
    ...(options.extensions ?? []),
  ]
  const id =
    responder === 'key'
      ? explicit(2, octetString(createHash('sha1').update(publicKeyBits(signer.certificate)).digest()))
      : explicit(1, signer.certificate.subject.raw)
  const single = sequence(
    encodeCertId((options.about ?? certificate).certificate, issuer.certificate),
    status(options.status ?? 'good', thisUpdate),
    time(thisUpdate),
    ...(nextUpdate === undefined ? [] : [explicit(0, time(nextUpdate))]),
  )
  const tbs = sequence(
    id,
    time(producedAt),
    sequence(single),
    ...(extensions.length > 0 ? [explicit(1, sequence(...extensions.map(encodeExtension)))] : []),
  )
  const { algorithm, sign } = signerFor(signer.privateKey, options.insecureSha1 ? { digest: 'insecureSha1' } : {})
  const sent = options.certificates ?? (signer === issuer ? [] : [signer])
  const basic = sequence(
    tbs,
    algorithm,
    bitString(sign(tbs)),
    ...(sent.length > 0 ? [explicit(0, sequence(...sent.map(one => one.der)))] : []),
  )
  return sequence(
    der(tag.enumerated, Buffer.from([0])),
    explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic))),
  )
}

/** An OCSPResponse that says why there is no answer. */
export function ocspFailure(code: number): Buffer {
  return sequence(der(tag.enumerated, Buffer.from([code])))
}

/** Extensions of a delegated responder's certificate. */
export const noCheck: Extension = rawExtension('1.3.6.1.5.5.7.48.1.5', nullValue())
export const ocspSigning: Extension = rawExtension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.9')))

function status(word: 'good' | 'revoked' | 'unknown', at: number): Buffer {
  if (word === 'good') return der(contextTag(0, 'primitive'))
  if (word === 'unknown') return der(contextTag(2, 'primitive'))
  return der(contextTag(1), time(at), explicit(0, der(tag.enumerated, content(new DerReader(integer(1)).element()))))
}

function time(millis: number): Buffer {
  const text = `${new Date(millis).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return der(tag.generalizedTime, Buffer.from(text, 'latin1'))
}
