import { hash } from 'node:crypto'
import { chainOf, type ForwardedCertificate } from './forwarded-certificate.ts'
import { readEscapedChain, readEscapedPem } from './pem.ts'

/**
 * Envoy's `X-Forwarded-Client-Cert`: one element with `Cert` or `Chain`. Several elements are several hops, the last of which is some
 * proxy's own certificate: then nobody knows who is meant.
 */
export function readXfcc(value: string): ForwardedCertificate | string {
  const pairs = readElement(value)
  if (typeof pairs === 'string') return pairs
  const cert = pairs.get('cert')
  const chain = pairs.get('chain')
  if (cert === undefined && chain === undefined)
    return 'holds no certificate: set_current_client_cert_details needs cert: true'
  const leaf = cert === undefined ? undefined : readEscapedPem(cert)
  const whole = chain === undefined ? leaf : readEscapedChain(chain)
  if (typeof leaf === 'string') return `has a Cert that ${leaf}`
  if (typeof whole === 'string') return `has a Chain that ${whole}`
  if (leaf !== undefined && !leaf.leaf.equals(whole!.leaf)) return 'has a Cert that is not the first of its Chain'
  const digest = pairs.get('hash')
  if (digest !== undefined && digest.toLowerCase() !== hash('sha256', whole!.leaf))
    return 'has a Hash of another certificate'
  return chainOf([whole!.leaf, ...(whole!.rest ?? [])])
}

/** The pairs of the one element, by lower-case key. `URI` and `DNS` may come several times, and are not looked at. */
function readElement(text: string): ReadonlyMap<string, string> | string {
  const pairs = new Map<string, string>()
  const pair = /([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;=]*))(;|,|$)/y
  while (pair.lastIndex < text.length) {
    const [whole, key = '', quoted, bare = '', after] = pair.exec(text) ?? []
    if (whole === undefined) return 'is malformed'
    if (after === ',') return 'holds more than one element: set forward_client_cert_details to SANITIZE_SET'
    const name = key.toLowerCase()
    if (name === 'uri' || name === 'dns') continue
    if (pairs.has(name)) return `names ${key} more than once`
    pairs.set(name, quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'))
  }
  return pairs
}
