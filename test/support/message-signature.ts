// A proxy that signs: HTTP Message Signatures (RFC 9421) as a signer makes them, written apart from the code that checks them.
import { createHmac, randomBytes } from 'node:crypto'

export interface Signing {
  readonly secret: string
  readonly keyId: string
  readonly method?: string
  readonly authority: string
  /** `/path?query` */
  readonly target: string
  /** fields to cover, beside the request itself */
  readonly fields?: Readonly<Record<string, string>>
  /** in place of what is usual; null leaves it out */
  readonly parameters?: Readonly<Record<string, string | number | null>>
  readonly components?: readonly string[]
  readonly label?: string
}

/** The fields `Signature-Input` and `Signature`. */
export function signMessage(signing: Signing): Record<string, string> {
  const { secret, keyId, method = 'GET', authority, target, fields = {}, label = 'edge' } = signing
  const [path = '', query] = target.split('?')
  const values: Record<string, string> = {
    '@method': method,
    '@authority': authority,
    '@path': path,
    '@query': `?${query ?? ''}`,
    '@target-uri': `https://${authority}${target}`,
    '@request-target': target,
    '@scheme': 'https',
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value])),
  }
  const components = signing.components ?? [
    '@method',
    '@authority',
    '@path',
    '@query',
    ...Object.keys(fields).map(name => name.toLowerCase()),
  ]
  const parameters = Object.entries({
    created: Math.floor(Date.now() / 1000),
    keyid: keyId,
    alg: 'hmac-sha256',
    nonce: randomBytes(18).toString('base64url'),
    tag: 'countersign-proxy',
    ...signing.parameters,
  }).flatMap(([name, value]) => {
    if (value === null) return []
    return [`;${name}=${typeof value === 'number' ? value : JSON.stringify(value)}`]
  })
  const input = `(${components.map(name => `"${name}"`).join(' ')})${parameters.join('')}`
  const base = [...components.map(name => `"${name}": ${values[name]}`), `"@signature-params": ${input}`].join('\n')
  const mac = createHmac('sha256', secret).update(base).digest('base64')
  return { 'Signature-Input': `${label}=${input}`, Signature: `${label}=:${mac}:` }
}
