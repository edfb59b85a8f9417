// What the proxies that people run write into a header for the certificate of their client.
import type { Issued } from './certificates.ts'

const der = (one: Issued) => one.der.toString('base64')
const flat = (one: Issued) => one.pem.replaceAll('\n', ' ').trim()

/** By form: the options of a proxy, and the headers that it sends for that client. */
export const forwardedForms: readonly {
  readonly form: string
  readonly options?: object
  headers(client: Issued): Record<string, string>
  /** the same with the chain, where the form has one */
  chain?(client: Issued): Record<string, string>
}[] = [
  {
    form: 'client-cert',
    headers: client => ({ 'Client-Cert': `:${der(client)}:` }),
    chain: client => ({
      'Client-Cert': `:${der(client)}:`,
      'Client-Cert-Chain': client.chain
        .slice(1)
        .map(one => `:${one.toString('base64')}:`)
        .join(', '),
    }),
  },
  {
    form: 'xfcc',
    headers: client => ({
      'X-Forwarded-Client-Cert': `By=spiffe://example.org/edge;Hash=${client.thumbprint};Subject="CN=alice,O=\\"Example\\"";URI=spiffe://a;URI=spiffe://b;DNS=a.example.org;Cert="${encodeURIComponent(client.pem)}"`,
    }),
    chain: client => ({
      'X-Forwarded-Client-Cert': `Hash=${client.thumbprint};Cert="${encodeURIComponent(client.pem)}";Chain="${encodeURIComponent(client.chainPem)}"`,
    }),
  },
  { form: 'nginx', headers: client => ({ 'X-SSL-Client-Cert': encodeURIComponent(client.pem) }) },
  {
    form: 'haproxy',
    options: { chainHeader: 'X-SSL-Client-Chain-DER' },
    headers: client => ({ 'X-SSL-Client-DER': der(client) }),
    chain: client => ({
      'X-SSL-Client-DER': der(client),
      'X-SSL-Client-Chain-DER': Buffer.concat(client.chain).toString('base64'),
    }),
  },
  {
    form: 'traefik',
    headers: client => ({ 'X-Forwarded-Tls-Client-Cert': der(client) }),
    chain: client => ({
      'X-Forwarded-Tls-Client-Cert': client.chain.map(one => one.toString('base64')).join(','),
    }),
  },
  {
    form: 'aws-alb',
    headers: client => ({ 'X-Amzn-Mtls-Clientcert': encodeURI(client.pem) }),
    chain: client => ({ 'X-Amzn-Mtls-Clientcert': encodeURI(client.chainPem) }),
  },
  { form: 'pem-header', headers: client => ({ 'X-SSL-CERT': flat(client) }) },
]
