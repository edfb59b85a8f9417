import type { CertificateRequest } from './handshake/messages.ts'

/** What a server asks for in a client certificate, in words. */
export function requestText(request: CertificateRequest | undefined): string {
  if (request === undefined) return 'no client certificate'
  const { authorities, algorithms, types } = request
  const names = authorities.slice(0, 5).map(name => String(name) || '(an empty name)')
  const more = authorities.length > names.length ? ` and ${authorities.length - names.length} more` : ''
  const whose = names.length === 0 ? 'one of any authority' : `one of ${names.join(' or ')}${more}`
  const kinds = kindsOf(algorithms.length > 0 ? algorithms : (types ?? []))
  return kinds === '' ? whose : `${whose}, signed with ${kinds}`
}

const families: readonly (readonly [RegExp, string])[] = [
  [/^(ecdsa_)/u, 'ECDSA'],
  [/^rsa_/u, 'RSA'],
  [/^ed/u, 'EdDSA'],
  [/^ds[as]_/u, 'DSA'],
  [/^mldsa/u, 'ML-DSA'],
]

function kindsOf(algorithms: readonly string[]): string {
  return families.flatMap(([pattern, name]) => (algorithms.some(each => pattern.test(each)) ? [name] : [])).join(', ')
}
