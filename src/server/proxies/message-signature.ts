import { createHmac, timingSafeEqual } from 'node:crypto'
import type { NonceMemory } from './nonce-memory.ts'
import { type InnerList, readDictionary, writeInnerList } from './structured-fields.ts'

/** What a signature can be about: the request as it came. */
export interface SignedRequest {
  readonly method: string
  /** the request target as it was spelled: `/orders/7?x=1` */
  readonly target: string
  readonly authority: string
  /** lower-case names */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface SignatureKey {
  readonly keyId: string
  readonly secret: Buffer
  /** seconds */
  readonly maxAge: number
  readonly nonces: NonceMemory
}

export type SignatureVerdict<K extends SignatureKey> =
  /** no signature for us: the request is a client's own */
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly key: K; readonly nonce: string; readonly covered: ReadonlySet<string> }
  | { readonly kind: 'invalid'; readonly reason: string }

/** The `tag` by which a proxy says that a signature is for us: clients may sign requests for a resource behind us. */
export const proxyTag = 'countersign-proxy'

/** Seconds that the clock of a proxy may be ahead. */
const skew = 5

/**
 * Checks the HTTP Message Signature (RFC 9421) of a proxy: hmac-sha256, over the method, the authority and the whole target at least, fresh,
 * with a nonce that was not used before. What else was covered is for the caller to look at: only that can be believed.
 * `now` in milliseconds.
 */
export function checkSignature<K extends SignatureKey>(
  request: SignedRequest,
  keys: ReadonlyMap<string, K>,
  now: number,
): SignatureVerdict<K> {
  const inputs = joined(request.headers['signature-input'])
  if (inputs === undefined || !inputs.includes(proxyTag)) return { kind: 'none' }
  const found = findInput(inputs)
  if (found === undefined || typeof found === 'string') return invalid(found ?? 'Signature-Input is malformed')
  const { label, input } = found
  const signature = readDictionary(joined(request.headers.signature) ?? '')?.get(label)
  if (signature === undefined || !('item' in signature) || signature.item.type !== 'bytes')
    return invalid(`Signature holds no byte sequence called ${label}`)
  const text = (name: string) => textOf(input, name)
  const key = keys.get(text('keyid') ?? '')
  if (key === undefined) return invalid('no proxy has that keyid')
  if (text('alg') !== undefined && text('alg') !== 'hmac-sha256') return invalid('alg is not hmac-sha256')
  const base = signatureBase(request, input)
  if (typeof base === 'string') return invalid(base)
  const expected = createHmac('sha256', key.secret).update(base.text).digest()
  if (signature.item.value.length !== expected.length || !timingSafeEqual(signature.item.value, expected))
    return invalid('the signature does not verify')
  const nonce = text('nonce') ?? ''
  const problem = missing(base.covered) ?? stale(input, key, now) ?? replayed(nonce, key)
  return problem === undefined ? { kind: 'valid', key, nonce, covered: base.covered } : invalid(problem)
}

function invalid(reason: string): { kind: 'invalid'; reason: string } {
  return { kind: 'invalid', reason }
}

/** The one member with our tag. undefined: the field cannot be read. */
function findInput(text: string): { label: string; input: InnerList } | string | undefined {
  const members = readDictionary(text)
  if (members === undefined) return undefined
  const ours = [...members].flatMap(([label, input]) =>
    'items' in input && textOf(input, 'tag') === proxyTag ? [{ label, input }] : [],
  )
  if (ours.length > 1) return `more than one signature has the tag ${proxyTag}`
  return ours[0]
}

function textOf({ parameters }: InnerList, name: string): string | undefined {
  const item = parameters.get(name)
  return item?.type === 'string' ? item.value : undefined
}

/** RFC 9421 section 2.5: what was signed, or why nobody can say. */
export function signatureBase(
  request: SignedRequest,
  input: InnerList,
): { text: string; covered: ReadonlySet<string> } | string {
  const lines: string[] = []
  const covered = new Set<string>()
  for (const { item, parameters } of input.items) {
    if (item.type !== 'string') return 'a covered component is no string'
    const name = item.value
    if (parameters.size > 0) return `parameters of a component are not understood here (${name})`
    if (covered.has(name)) return `${name} is covered twice`
    const value = name.startsWith('@') ? derived(name, request) : joined(request.headers[name])?.trim()
    if (value === undefined) return `${name} is covered, and is not there`
    covered.add(name)
    lines.push(`"${name}": ${value}`)
  }
  lines.push(`"@signature-params": ${writeInnerList(input)}`)
  return { text: lines.join('\n'), covered }
}

/** RFC 9421 section 2.2, less what is not understood here. */
function derived(name: string, { method, target, authority }: SignedRequest): string | undefined {
  const mark = target.indexOf('?')
  const host = authority.toLowerCase().replace(/:443$/, '')
  switch (name) {
    case '@method':
      return method
    case '@authority':
      return host
    case '@scheme':
      return 'https'
    case '@target-uri':
      return `https://${host}${target}`
    case '@request-target':
      return target
    case '@path':
      return mark === -1 ? target : target.slice(0, mark)
    case '@query':
      return mark === -1 ? '?' : target.slice(mark)
    default:
      return undefined
  }
}

/** RFC 9421 section 2.1: a field that came several times is one, joined. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : value.map(line => line.trim()).join(', ')
}

function missing(covered: ReadonlySet<string>): string | undefined {
  for (const name of ['@method', '@authority']) if (!covered.has(name)) return `${name} is not covered`
  if (covered.has('@target-uri') || covered.has('@request-target')) return undefined
  return covered.has('@path') && covered.has('@query') ? undefined : '@path and @query, or @target-uri, are not covered'
}

function stale({ parameters }: InnerList, { maxAge }: SignatureKey, now: number): string | undefined {
  const seconds = now / 1000
  const created = parameters.get('created')
  const expires = parameters.get('expires')
  if (created?.type !== 'integer') return 'created is missing'
  if (created.value > seconds + skew) return 'created is in the future'
  if (created.value + maxAge < seconds) return `created is more than ${maxAge} s ago`
  if (expires !== undefined && (expires.type !== 'integer' || expires.value < seconds))
    return 'the signature has expired'
  return undefined
}

// Last of all: only a signature that is good uses its nonce up, so that nobody else can fill the memory.
function replayed(nonce: string, { nonces }: SignatureKey): string | undefined {
  if (nonce.length < 16 || nonce.length > 128) return 'nonce is missing, or not of 16 to 128 characters'
  const noted = nonces.note(nonce)
  if (noted === 'used') return 'the nonce was used before'
  return noted === 'full' ? 'more signatures came than nonces are remembered' : undefined
}

/** Milliseconds for which a nonce has to be remembered. */
export function nonceSpan(maxAge: number): number {
  return (maxAge + skew) * 1000
}
