import type { CarbonHome } from './carbon-home.ts'
import type { CertificateHeader } from './identity-xml.ts'

type Mapping = Readonly<Record<string, unknown>>

/**
 * The header in which the original took a certificate from anybody counts only from a proxy that proved itself. Which one that is cannot
 * stand in a home, so it is named among our own settings; the name and encoding of the header come from the home.
 */
export function withCertificateHeader(home: CarbonHome, own: Mapping, header: CertificateHeader | undefined): Mapping {
  if (header === undefined) return own
  const { place, name, encoding } = header
  const proxies = Array.isArray(own.proxies) ? own.proxies : []
  const takers = proxies.filter(takesHeader)
  if (takers.length === 0) {
    const what = `the header ${name} counts only from a proxy that proved itself, and none is named: any client could send any certificate`
    const remedy =
      'Name it in repository/conf/countersign.yaml: proxies: [{ name: edge, proof: { thumbprints: [SHA-256 of its certificate] }, clientCertificate: { form: pem-header } }].'
    home.findings.add('tightened', place, what, remedy)
    return own
  }
  const what = `the header ${name} counts only from the proxies that are named in repository/conf/countersign.yaml`
  home.findings.add('tightened', place, what)
  const filled = proxies.map(proxy =>
    takers.includes(proxy)
      ? { ...proxy, clientCertificate: { header: name, encoding, ...proxy.clientCertificate } }
      : proxy,
  )
  return { ...own, proxies: filled }
}

function takesHeader(proxy: unknown): proxy is Mapping & { clientCertificate: Mapping } {
  const { clientCertificate } = (proxy ?? {}) as { clientCertificate?: { form?: unknown } }
  return clientCertificate?.form === 'pem-header'
}
