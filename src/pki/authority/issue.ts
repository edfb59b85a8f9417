import type { KeyObject } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../keystore/replace-file.ts'
import { validatePath } from '../path/validate.ts'
import { buildCertificate, randomSerialNumber } from '../x509/build-certificate.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  extKeyUsage,
  keyIdentifier,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../x509/build-extensions.ts'
import type { GeneralNameSource } from '../x509/build-general-name.ts'
import { buildName, type NameSource } from '../x509/build-name.ts'
import { type Certificate, type Extension, parseCertificate } from '../x509/certificate.ts'
import { subjectKeyIdentifier as readSubjectKeyIdentifier, subjectAltNames } from '../x509/extensions.ts'
import { generalNameText } from '../x509/general-name.ts'
import { writePem } from '../x509/pem.ts'
import { sameKey } from '../x509/same-key.ts'
import type { Authority } from './authority.ts'
import { authorityError } from './authority-error.ts'
import { changeRegister, type Entry, type Profile, type Register } from './register.ts'

/** What the operator of the authority wants certified. Whatever a requester asked for has been looked at by then. */
export interface Order {
  readonly profile: Profile
  readonly subject: NameSource
  readonly names: readonly GeneralNameSource[]
  /** the public key, or the private one whose public half it is */
  readonly key: KeyObject
  /** milliseconds since the epoch; ends with the authority's own validity at the latest */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * Issues a certificate and enters it in the register before anybody gets it. What our own validation would refuse is not issued.
 * Throws ERR_AUTHORITY_NAME_MISSING, ERR_AUTHORITY_UNFIT, ERR_NAME_MALFORMED.
 */
export async function issueCertificate(authority: Authority, order: Order, renews?: string): Promise<Certificate> {
  return changeRegister(authority.folder, async register => {
    const certificate = parseCertificate(sign(authority, order))
    checkFit(authority, certificate, order)
    const entry = entryOf(certificate, order.profile, renews)
    const folder = join(authority.folder, 'issued')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await replaceFile(
      issuedFile(authority, certificate.serialNumber),
      Buffer.from(writePem('CERTIFICATE', certificate.raw)),
    )
    const after: Register = { ...register, certificates: [...register.certificates, entry] }
    return [after, certificate] as const
  })
}

export function issuedFile({ folder }: Authority, serialNumber: string): string {
  return join(folder, 'issued', `${serialNumber}.crt`)
}

function sign(authority: Authority, order: Order): Buffer {
  const { subject, key, notBefore } = order
  return buildCertificate({
    subject,
    issuer: authority.certificate.subject,
    publicKey: key,
    signingKey: authority.privateKey,
    serialNumber: randomSerialNumber(),
    notBefore,
    notAfter: Math.min(order.notAfter, authority.certificate.notAfter),
    extensions: extensionsOf(authority, order),
  })
}

function extensionsOf({ certificate }: Authority, { profile, subject, names, key }: Order): Extension[] {
  // RFC 5280 section 4.2.1.6: critical when the subject says nothing
  const anonymous = buildName(subject).length === 2
  const rsa = key.asymmetricKeyType === 'rsa'
  return [
    basicConstraints({ ca: false }),
    keyUsage(rsa && profile === 'server' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature']),
    extKeyUsage([profile === 'server' ? 'serverAuth' : 'clientAuth']),
    ...(names.length > 0 ? [subjectAltName(names, anonymous)] : []),
    subjectKeyIdentifier(keyIdentifier(key)),
    authorityKeyIdentifier(readSubjectKeyIdentifier(certificate) ?? keyIdentifier(certificate.spki)),
  ]
}

function checkFit(authority: Authority, certificate: Certificate, { profile, names, notBefore, key }: Order): void {
  if (profile === 'server' && !names.some(name => 'dns' in name || 'ip' in name || 'raw' in name)) {
    throw authorityError(
      'ERR_AUTHORITY_NAME_MISSING',
      'clients find a server by its DNS name or address, and none is given',
    )
  }
  if (certificate.subject.rdns.length === 0 && names.length === 0) {
    throw authorityError('ERR_AUTHORITY_UNFIT', 'the certificate would name nobody')
  }
  if (sameKey(key, authority.certificate.publicKey())) {
    throw authorityError('ERR_AUTHORITY_UNFIT', 'this is the key of the authority itself')
  }
  const anchor = { alias: 'authority', certificate: authority.certificate }
  const verdict = validatePath(
    { leaf: certificate, intermediates: [], anchors: [anchor] },
    { at: Math.max(notBefore, authority.certificate.notBefore), purpose: profile },
  )
  if (!verdict.ok) throw authorityError('ERR_AUTHORITY_UNFIT', `the certificate would be refused: ${verdict.detail}`)
}

function entryOf(certificate: Certificate, profile: Profile, renews: string | undefined): Entry {
  const { serialNumber, thumbprint, subject, notBefore, notAfter } = certificate
  return {
    serialNumber,
    thumbprint,
    profile,
    subject: subject.toString(),
    names: (subjectAltNames(certificate) ?? []).map(generalNameText),
    notBefore,
    notAfter,
    ...(renews === undefined ? {} : { renews }),
  }
}
