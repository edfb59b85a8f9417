import { join } from 'node:path'
import { replaceFile } from '../keystore/replace-file.ts'
import { buildCrl } from '../x509/build-crl.ts'
import { keyIdentifier } from '../x509/build-extensions.ts'
import { subjectKeyIdentifier } from '../x509/extensions.ts'
import type { Authority } from './authority.ts'
import { changeRegister, type Register } from './register.ts'

export interface PublishedCrl {
  readonly der: Buffer
  readonly number: number
  /** milliseconds since the epoch */
  readonly nextUpdate: number
  /** entries on it */
  readonly size: number
}

/** Signs a new list of all that is revoked, and keeps it as `ca.crl` (DER). `days`: until the next one is due. */
export async function publishCrl(
  authority: Authority,
  { at, days }: { at: number; days: number },
): Promise<PublishedCrl> {
  return changeRegister(authority.folder, async register => {
    const number = register.crlNumber + 1
    const nextUpdate = at + days * 86_400_000
    const revoked = entriesOf(register, nextUpdate - at, at)
    const { certificate, privateKey } = authority
    const der = buildCrl({
      issuer: certificate.subject,
      signingKey: privateKey,
      authorityKeyId: subjectKeyIdentifier(certificate) ?? keyIdentifier(certificate.spki),
      number,
      thisUpdate: at,
      nextUpdate,
      revoked,
    })
    await replaceFile(join(authority.folder, 'ca.crl'), der)
    const published: PublishedCrl = { der, number, nextUpdate, size: revoked.length }
    return [{ ...register, crlNumber: number }, published] as const
  })
}

/** RFC 5280 section 3.3: an entry stays until it has been on a list that was issued after the certificate ended. Twice the interval is enough. */
function entriesOf({ certificates }: Register, interval: number, at: number) {
  return certificates.flatMap(({ serialNumber, notAfter, revoked }) =>
    revoked && notAfter + 2 * interval > at ? [{ serialNumber, revokedAt: revoked.at, reason: revoked.reason }] : [],
  )
}
