import type { Certificate } from '../x509/certificate.ts'
import { crlDistributionPoints } from '../x509/distribution-points.ts'
import { authorityInfoAccess } from '../x509/extensions.ts'
import type { RevocationPolicy } from './policy.ts'

/** As many of each kind as are looked at: no sane certificate names more. */
const most = 8
const ocspMethod = '1.3.6.1.5.5.7.48.1'

/** Where the certificate says that lists about it are (RFC 5280 section 4.2.1.13). Throws ERR_CERTIFICATE_MALFORMED. */
export function listAddresses(certificate: Certificate): readonly string[] {
  const points = crlDistributionPoints(certificate) ?? []
  const names = points.flatMap(({ name }) => (name !== undefined && 'fullName' in name ? name.fullName : []))
  const urls = names.flatMap(name => (name.type === 'uniformResourceIdentifier' ? [name.value] : []))
  return [...new Set(urls)].slice(0, most)
}

/** Which responders are asked about it (RFC 6960 section 3.1). Throws ERR_CERTIFICATE_MALFORMED. */
export function responderAddresses(certificate: Certificate, options: RevocationPolicy['ocsp']): readonly string[] {
  if (options.url !== undefined) return [options.url]
  if (options.responders === 'ignore') return []
  const access = authorityInfoAccess(certificate) ?? []
  const urls = access.flatMap(({ method, location }) =>
    method === ocspMethod && location.type === 'uniformResourceIdentifier' ? [location.value] : [],
  )
  return [...new Set(urls)].slice(0, most)
}
