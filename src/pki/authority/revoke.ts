import type { RevocationReason } from '../x509/build-crl.ts'
import type { Authority } from './authority.ts'
import { changeRegister, type Entry, findEntry } from './register.ts'

/** Reasons that an operator may give. Holds are not among them: a certificate that was revoked stays so. */
export const operatorReasons = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const satisfies readonly RevocationReason[]

export interface Revocation {
  /** serial number or thumbprint */
  readonly certificate: string
  readonly reason: (typeof operatorReasons)[number]
  /** milliseconds since the epoch */
  readonly at: number
}

export interface Revoked {
  readonly entry: Entry
  /** it was revoked before */
  readonly before: boolean
}

/**
 * Enters the revocation in the register; it takes effect when a list with it is published. One that was revoked before keeps its time and
 * reason. Throws ERR_AUTHORITY_CERTIFICATE_UNKNOWN.
 */
export async function revokeCertificate(
  authority: Authority,
  { certificate, reason, at }: Revocation,
): Promise<Revoked> {
  return changeRegister<Revoked>(authority.folder, async register => {
    const entry = findEntry(register, certificate)
    if (entry.revoked) return [register, { entry, before: true }] as const
    const revoked: Entry = { ...entry, revoked: { at, reason } }
    const certificates = register.certificates.map(each => (each === entry ? revoked : each))
    return [
      { ...register, certificates },
      { entry: revoked, before: false },
    ] as const
  })
}
