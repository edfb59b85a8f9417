import type { UnreadConfiguration } from '../schema.ts'
import type { CarbonHome } from './carbon-home.ts'
import type { CarbonSettings } from './carbon-xml.ts'
import type { Place } from './finding.ts'
import type { IdentitySettings } from './identity-xml.ts'
import type { UserManagement } from './user-mgt.ts'

export interface ServicesSource {
  readonly carbon: CarbonSettings
  readonly identity: IdentitySettings
  readonly users: UserManagement
  /** whether the MutualSSLAuthenticator lets anybody in; it is for SOAP */
  readonly soapCertificates: boolean
  readonly certificates: boolean
  readonly passwords: boolean
  readonly place: Place
}

/** The SOAP and SCIM services of the product, each with the ways to prove who one is that it had there. */
export function servicesOf(home: CarbonHome, source: ServicesSource): Pick<UnreadConfiguration, 'soap' | 'scim'> {
  const { carbon, identity, users, soapCertificates, certificates, passwords } = source
  const { maxListedUsers, maxListedRoles } = users
  const limits = {
    ...(maxListedUsers === undefined ? {} : { maxListedUsers }),
    ...(maxListedRoles === undefined ? {} : { maxListedRoles }),
  }
  const all = namesOf(certificates, passwords)
  const soap = namesOf(soapCertificates, passwords)
  const rest = namesOf(certificates && identity.certificates.mode !== 'off', passwords && identity.passwords !== 'off')
  return {
    soap: {
      ...access(home, source.place, 'SOAP', soap, all),
      wsdl: carbon.wsdl,
      ...(carbon.version === undefined ? {} : { serverVersion: carbon.version }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
    },
    scim: {
      ...access(home, source.place, 'SCIM', rest, all),
      ...(identity.access === undefined ? {} : { access: [...identity.access] }),
    },
  }
}

function namesOf(certificates: boolean, passwords: boolean): string[] {
  return [...(certificates ? ['mutual-tls'] : []), ...(passwords ? ['basic'] : [])]
}

/** Without any way to prove who one is, a service is closed: an empty list could be taken for "all". */
function access(
  home: CarbonHome,
  place: Place,
  name: string,
  ways: readonly string[],
  all: readonly string[],
): { enabled: boolean; require?: string[] } {
  if (ways.length === 0) {
    const what = `no way is switched on to prove who one is, so ${name} does not answer`
    home.findings.add('warning', place, what, 'Switch on the MutualSSLAuthenticator, or passwords.')
    return { enabled: false }
  }
  return ways.length === all.length ? { enabled: true } : { enabled: true, require: [...ways] }
}
