import { createPublicKey, type KeyObject } from 'node:crypto'
import { isCoded } from '../errors.ts'
import { keyWeakness } from '../pki/path/key-weakness.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { extendedKeyUsage, keyUsage } from '../pki/x509/extensions.ts'
import { namesMatch } from '../pki/x509/name-match.ts'
import { type Cause, nameCause } from './causes.ts'
import type { CertificateRequest } from './handshake/messages.ts'
import { requestText } from './request-text.ts'
import { dayText, subjectText } from './texts.ts'

export interface ClientIdentity {
  readonly certificate: Certificate
  /** what is sent besides the certificate */
  readonly intermediates: readonly Certificate[]
  readonly key: KeyObject
}

export type CheckName = 'key' | 'dates' | 'purpose' | 'strength' | 'algorithm' | 'issuer'

/** One question about our own certificate. `fits: undefined` says that it cannot be answered from here. */
export interface ClientCheck {
  readonly check: CheckName
  readonly fits: boolean | undefined
  readonly text: string
  /** when it does not fit */
  readonly cause: Cause | undefined
}

/** Whether a client certificate is fit to be shown, and fits what the server asks for. */
export function judgeClient(
  identity: ClientIdentity,
  request: CertificateRequest | undefined,
  at: number,
): readonly ClientCheck[] {
  return [
    checkKey(identity),
    checkDates(identity, at),
    checkPurpose(identity),
    checkStrength(identity),
    checkAlgorithm(identity, request),
    checkIssuer(identity, request),
  ]
}

const good = (check: CheckName, text: string): ClientCheck => ({ check, fits: true, text, cause: undefined })
const open = (check: CheckName, text: string): ClientCheck => ({ check, fits: undefined, text, cause: undefined })
const bad = (check: CheckName, text: string, cause: Cause): ClientCheck => ({ check, fits: false, text, cause })

function checkKey({ certificate, key }: ClientIdentity): ClientCheck {
  const own = createPublicKey(key).export({ type: 'spki', format: 'der' })
  if (own.equals(certificate.spki)) return good('key', 'belongs to the certificate')
  const cause = nameCause('client_key_mismatch', { subject: subjectText(certificate) })
  return bad('key', 'is the key of another certificate', cause)
}

function checkDates({ certificate, intermediates }: ClientIdentity, at: number): ClientCheck {
  for (const each of [certificate, ...intermediates]) {
    const subject = subjectText(each)
    const whose = each === certificate ? '' : ` (${subject})`
    if (at > each.notAfter) {
      const date = dayText(each.notAfter)
      return bad('dates', `expired on ${date}${whose}`, nameCause('client_certificate_expired', { subject, date }))
    }
    if (at < each.notBefore) {
      const date = dayText(each.notBefore)
      return bad('dates', `from ${date}${whose}`, nameCause('client_certificate_not_yet_valid', { subject, date }))
    }
  }
  return good('dates', `${dayText(certificate.notBefore)} to ${dayText(certificate.notAfter)}`)
}

const clientAuth = '1.3.6.1.5.5.7.3.2'
const anyPurpose = '2.5.29.37.0'

// RFC 5280 sections 4.2.1.3 and 4.2.1.12
function checkPurpose({ certificate }: ClientIdentity): ClientCheck {
  const wrong = (detail: string) =>
    bad('purpose', detail, nameCause('client_wrong_purpose', { subject: subjectText(certificate), detail }))
  try {
    const purposes = extendedKeyUsage(certificate)
    if (purposes !== undefined && !purposes.includes(clientAuth) && !purposes.includes(anyPurpose))
      return wrong('its extended key usage has no client authentication')
    if (keyUsage(certificate)?.has('digitalSignature') === false)
      return wrong('its key usage does not allow digital signatures')
    return good('purpose', purposes === undefined ? 'any (it names none)' : 'client authentication')
  } catch (error) {
    if (!isCoded(error)) throw error
    return wrong(error.message)
  }
}

function checkStrength({ certificate }: ClientIdentity): ClientCheck {
  const weakness = keyWeakness(certificate, new Set())
  if (weakness === undefined) return good('strength', `${keyText(certificate)} is strong enough`)
  const cause = nameCause('client_key_weak', { subject: subjectText(certificate), detail: weakness })
  return bad('strength', weakness, cause)
}

function keyText(certificate: Certificate): string {
  const { asymmetricKeyType = '', asymmetricKeyDetails } = certificate.publicKey()
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {}
  return [asymmetricKeyType.toUpperCase(), modulusLength ?? namedCurve].filter(part => part !== undefined).join(' ')
}

/** Which signature schemes and certificate types a kind of key can serve (RFC 8446 section 4.2.3, RFC 5246 section 7.4.4). */
const uses: Readonly<Record<string, { scheme: RegExp; type: string }>> = {
  rsa: { scheme: /^rsa_(pkcs1|pss_rsae)_/u, type: 'rsa_sign' },
  'rsa-pss': { scheme: /^rsa_pss_pss_/u, type: 'rsa_sign' },
  ec: { scheme: /^ecdsa_/u, type: 'ecdsa_sign' },
  ed25519: { scheme: /^ed25519$/u, type: 'ecdsa_sign' },
  ed448: { scheme: /^ed448$/u, type: 'ecdsa_sign' },
}

function checkAlgorithm({ certificate }: ClientIdentity, request: CertificateRequest | undefined): ClientCheck {
  if (request === undefined) return open('algorithm', 'the server asked for nothing')
  const use = uses[certificate.publicKey().asymmetricKeyType ?? '']
  const { algorithms, types } = request
  if (use === undefined || (algorithms.length === 0 && types === undefined)) return open('algorithm', 'cannot be told')
  const scheme = algorithms.find(name => use.scheme.test(name))
  const fits = (algorithms.length === 0 || scheme !== undefined) && (types === undefined || types.includes(use.type))
  if (fits) return good('algorithm', `the server takes ${scheme ?? use.type}`)
  const cause = nameCause('client_algorithm_unsupported', { wanted: requestText(request) })
  return bad('algorithm', 'the server takes no signature of such a key', cause)
}

// RFC 8446 section 4.2.4: at least one certificate of the chain has to be issued by one of the names
function checkIssuer(
  { certificate, intermediates }: ClientIdentity,
  request: CertificateRequest | undefined,
): ClientCheck {
  if (request === undefined) return open('issuer', 'the server asked for nothing')
  const { authorities } = request
  if (authorities.length === 0) return open('issuer', `${certificate.issuer}; the server names no authorities`)
  const found = [certificate, ...intermediates].find(each =>
    authorities.some(name => namesMatch(name, each.issuer) || namesMatch(name, each.subject)),
  )
  if (found !== undefined) return good('issuer', `${found.issuer} is among those that the server names`)
  const cause = nameCause('client_issuer_unknown', {
    subject: subjectText(certificate),
    issuer: String(certificate.issuer),
    wanted: requestText(request),
  })
  return bad('issuer', `${certificate.issuer} is not among those that the server names`, cause)
}
