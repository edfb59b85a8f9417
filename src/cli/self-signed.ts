import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { CodedError } from '../errors.ts'
import { buildCertificate } from '../pki/x509/build-certificate.ts'
import {
  basicConstraints,
  type ExtendedKeyUsage,
  extKeyUsage,
  keyIdentifier,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../pki/x509/build-extensions.ts'
import type { GeneralNameSource } from '../pki/x509/build-general-name.ts'
import { type Certificate, type Extension, parseCertificate } from '../pki/x509/certificate.ts'

export const keyTypes = ['p-256', 'p-384', 'p-521', 'rsa-2048', 'rsa-3072', 'rsa-4096', 'ed25519'] as const

/** A new private key of one of `keyTypes`. */
export function generateKey(type: string): KeyObject {
  if (type === 'ed25519') return generateKeyPairSync('ed25519').privateKey
  const [family, size] = type.split('-')
  if (family === 'rsa') return generateKeyPairSync('rsa', { modulusLength: Number(size) }).privateKey
  const namedCurve = { 'p-256': 'prime256v1', 'p-384': 'secp384r1', 'p-521': 'secp521r1' }[type] ?? type
  return generateKeyPairSync('ec', { namedCurve }).privateKey
}

export interface SelfSignedSource {
  readonly subject: string
  readonly key: KeyObject
  readonly names: readonly GeneralNameSource[]
  readonly purpose: 'client' | 'server' | 'any'
  readonly notBefore: number
  readonly days: number
}

/** A certificate for TLS that nobody but its own key vouches for. */
export function selfSigned({ subject, key, names, purpose, notBefore, days }: SelfSignedSource): Certificate {
  return parseCertificate(
    buildCertificate({
      subject,
      publicKey: key,
      signingKey: key,
      notBefore,
      notAfter: Math.min(notBefore + days * 86_400_000, Date.UTC(9999, 11, 31, 23, 59, 59)),
      extensions: [...wanted(key, names, purpose), subjectKeyIdentifier(keyIdentifier(key))],
    }),
  )
}

/** The extensions of a certificate for TLS, or of the request for one. */
export function wanted(
  key: KeyObject,
  names: readonly GeneralNameSource[],
  purpose: SelfSignedSource['purpose'],
): Extension[] {
  return [
    basicConstraints({ ca: false }),
    keyUsage(key.asymmetricKeyType === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']),
    extKeyUsage(purposes[purpose]),
    ...(names.length > 0 ? [subjectAltName(names)] : []),
  ]
}

const purposes: Readonly<Record<SelfSignedSource['purpose'], readonly ExtendedKeyUsage[]>> = {
  client: ['clientAuth'],
  server: ['serverAuth'],
  any: ['serverAuth', 'clientAuth'],
}

/** `dns:a.example`, `ip:127.0.0.1`, `email:a@b.example`, `uri:…`, `upn:…`. */
export function alternativeName(text: string): GeneralNameSource {
  const [, type = '', value = ''] = /^(dns|ip|email|uri|upn):(.+)$/isu.exec(text) ?? []
  if (type !== '') return { [type.toLowerCase()]: value } as unknown as GeneralNameSource
  throw new CodedError('ERR_CLI_USAGE', `${text} is no alternative name`, {
    remedy: 'Write dns:NAME, ip:ADDRESS, email:ADDRESS, uri:URI or upn:NAME.',
  })
}

/** A number of days as typed. */
export function daysOf(text: string): number {
  const days = Number(text)
  if (Number.isSafeInteger(days) && days > 0 && days <= 36_500) return days
  throw new CodedError('ERR_CLI_USAGE', `${text} is no number of days`, { remedy: 'Write a number from 1 to 36500.' })
}
