import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { DerReader, encoded } from '../asn1/der.ts'
import type { GeneralNameSource } from '../x509/build-general-name.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { readPem } from '../x509/pem.ts'
import type { Authority } from './authority.ts'
import { authorityError } from './authority-error.ts'
import { issueCertificate, issuedFile } from './issue.ts'
import { findEntry, readRegister } from './register.ts'

export interface Renewal {
  /** serial number or thumbprint of the certificate to renew */
  readonly certificate: string
  /** undefined: the key stays the same */
  readonly key?: KeyObject | undefined
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * Issues the same again, names byte for byte, with a new serial number and validity. The old certificate stays good until it ends or is revoked.
 * Throws ERR_AUTHORITY_CERTIFICATE_UNKNOWN, ERR_AUTHORITY_CERTIFICATE_REVOKED, ERR_AUTHORITY_UNFIT.
 */
export async function renewCertificate(authority: Authority, renewal: Renewal): Promise<Certificate> {
  const entry = findEntry(await readRegister(authority.folder), renewal.certificate)
  if (entry.revoked) {
    throw authorityError(
      'ERR_AUTHORITY_CERTIFICATE_REVOKED',
      `${entry.subject}, serial number ${entry.serialNumber}, is revoked`,
    )
  }
  const old = await readIssued(authority, entry.serialNumber, entry.thumbprint)
  const { notBefore, notAfter } = renewal
  const key = renewal.key ?? old.publicKey()
  const order = { profile: entry.profile, subject: old.subject, names: namesOf(old), key, notBefore, notAfter }
  return issueCertificate(authority, order, entry.serialNumber)
}

/** The copy that was kept; its thumbprint in the register tells whether it is still that one. Throws ERR_AUTHORITY_MALFORMED. */
export async function readIssued(authority: Authority, serialNumber: string, thumbprint: string): Promise<Certificate> {
  const file = issuedFile(authority, serialNumber)
  try {
    const certificate = parseCertificate(readPem(await readFile(file, 'utf8'))[0]!.der)
    if (certificate.thumbprint !== thumbprint) throw new Error('it is another certificate')
    return certificate
  } catch (cause) {
    throw authorityError('ERR_AUTHORITY_MALFORMED', `${file} is not the certificate that was issued`, cause)
  }
}

function namesOf(certificate: Certificate): GeneralNameSource[] {
  const extension = certificate.extensions.get('2.5.29.17')
  const names: GeneralNameSource[] = []
  if (extension === undefined) return names
  const list = new DerReader(extension.value).enter()
  while (!list.done) names.push({ raw: encoded(list.element()) })
  return names
}
