import { createHash } from 'node:crypto'
import { CodedError, isCoded } from '../../errors.ts'
import type { AnchorView } from '../../identity/bindings/anchor-directory.ts'
import { normalThumbprint, selectorKey, selectorOf, selectorsOf } from '../../identity/bindings/selector.ts'
import type { Trusted } from '../../pki/path/verdict.ts'
import type { ProxiedBy } from '../http/exchange.ts'
import { createForm, type Form } from './forms/form.ts'
import { nonceSpan, type SignatureKey } from './message-signature.ts'
import { createNonceMemory, type NonceMemory } from './nonce-memory.ts'
import type { ProxyOptions } from './options.ts'
import { createForwardAuth } from './original-request.ts'

/** A proxy of the configuration, as it is known when it has proven itself. */
export interface TrustedProxy {
  readonly name: string
  readonly form: Form
  /** lower-case */
  readonly addressHeader: string | undefined
  /** what a request says of it that came over a connection with its certificate */
  readonly certified: ProxiedBy
  /** equal for two proxies of which the same is believed */
  readonly terms: string
}

export interface ProxySource {
  readonly options: ProxyOptions
  /** what `proof.secret` names */
  readonly secret?: string | undefined
  /** what `proof.path` and `proof.listener` name */
  readonly socket?: ProxySocket | undefined
}

/** A Unix socket: whoever may open it is the proxy. */
export interface ProxySocket {
  /** absolute */
  readonly path: string
  readonly access: 'owner' | 'group'
  /** by whose trust its clients are judged */
  readonly listener: string
}

export interface Proxies {
  readonly size: number
  /** The proxy that a trusted certificate is of; `ambiguous` when two are, and then it is none, and nobody else either. */
  ofCertificate(verdict: Trusted): TrustedProxy | 'ambiguous' | undefined
  /** The proxy that this socket is for; undefined when it is in the configuration no longer. */
  ofSocket(path: string): TrustedProxy | undefined
  readonly sockets: readonly ProxySocket[]
  /** by `keyid`; empty when no proxy proves itself by signatures */
  readonly signers: ReadonlyMap<string, Signer>
  /** whether the proxy stands in this list, with the same terms */
  has(proxy: TrustedProxy): boolean
  /** whether it does, and proves itself by signatures */
  signs(proxy: TrustedProxy): boolean
  /** lower-case names of the headers that some proxy writes: no upstream gets them from a client */
  readonly headers: readonly string[]
  /** equal for two lists of which the same is believed */
  readonly terms: string
  /** Takes over which nonces were used before, of the signers that stay what they were. */
  adopt(before: Proxies): void
}

export interface Signer extends SignatureKey {
  readonly proxy: TrustedProxy
  nonces: NonceMemory
}

/** Reads the proxies of the configuration against the anchors that are for everybody: no tenant's authority makes a proxy. Throws ERR_PROXY_PROOF, with the place in the list as `index`. */
export function createProxies(
  sources: readonly ProxySource[],
  anchors: AnchorView,
  now: () => number = Date.now,
): Proxies {
  const proxies: TrustedProxy[] = []
  const byThumbprint = new Map<string, TrustedProxy>()
  const byName = new Map<string, { anchor: string; proxy: TrustedProxy }[]>()
  const signers = new Map<string, Signer>()
  const bySocket = new Map<string, TrustedProxy>()
  for (const [index, { options, secret, socket }] of sources.entries()) {
    const proxy = proxyOf(options, secret)
    const { proof } = options
    const fail = (message: string, remedy: string) => new ProxyProofError(index, message, remedy)
    proxies.push(proxy)
    if (proof.by === 'signature') {
      const { keyId = '', maxAge } = proof
      const octets = Buffer.from(secret ?? '', 'utf8')
      if (octets.length < shortestSecret)
        throw fail(`the secret of the proxy ${proxy.name} is shorter than ${shortestSecret} bytes`, newSecret)
      if (signers.has(keyId))
        throw fail(`two proxies have the keyId ${keyId}`, 'Give each a keyId and a secret of its own.')
      const nonces = createNonceMemory(nonceSpan(maxAge), now)
      signers.set(keyId, { proxy, keyId, secret: octets, maxAge, nonces })
      continue
    }
    if (socket !== undefined) {
      const { path } = socket
      if (Buffer.byteLength(path) > longestSocketPath)
        throw fail(
          `the path of the socket of ${proxy.name} is longer than ${longestSocketPath} bytes`,
          'Choose a shorter one.',
        )
      if (bySocket.has(path)) throw fail(`two proxies have the socket ${path}`, 'A socket is of one proxy.')
      bySocket.set(path, proxy)
      continue
    }
    for (const text of proof.thumbprints ?? []) {
      const thumbprint = normalThumbprint(text)
      if (thumbprint === undefined)
        throw fail(`${JSON.stringify(text)} is no SHA-256 thumbprint`, '`countersign cert show FILE` prints it.')
      if (byThumbprint.has(thumbprint))
        throw fail(
          `the thumbprint ${thumbprint.slice(0, 16)}… stands for two proxies`,
          'A certificate is of one proxy.',
        )
      byThumbprint.set(thumbprint, proxy)
    }
    if (proof.anchor === undefined) continue
    const anchor = proof.anchor.toLowerCase()
    if (!anchors.known.has(anchor))
      throw fail(
        anchors.ambiguous.has(anchor)
          ? `the alias ${proof.anchor} stands for two authorities in two trust stores`
          : `no trust store of a listener has an entry called ${proof.anchor}`,
        'Name the alias of the authority of the proxy, as `countersign keystore list` prints it.',
      )
    const key = nameKey(proof, fail)
    byName.set(key, [...(byName.get(key) ?? []), { anchor, proxy }])
  }
  return {
    size: proxies.length,
    signers,
    ofSocket: path => bySocket.get(path),
    sockets: sources.flatMap(({ socket }) => socket ?? []),
    headers: [...new Set(proxies.flatMap(headersOf))],
    has: ({ terms }) => proxies.some(proxy => proxy.terms === terms),
    signs: ({ terms }) => signers.values().some(({ proxy }) => proxy.terms === terms),
    terms: proxies.map(({ terms }) => terms).join(' '),
    adopt(before) {
      for (const signer of before.signers.values()) {
        const same = signers.get(signer.keyId)
        if (same?.proxy.terms === signer.proxy.terms) same.nonces = signer.nonces
      }
    },
    ofCertificate({ path }) {
      const leaf = path[0]!
      const known = byThumbprint.get(leaf.thumbprint)
      if (known !== undefined || byName.size === 0) return known
      const aliases = anchors.aliases(path)
      const { selectors } = selectorsOf(leaf, [])
      const found = new Set(
        selectors
          .flatMap(selector => byName.get(selectorKey(selector)) ?? [])
          .flatMap(({ anchor, proxy }) => (aliases.includes(anchor) ? [proxy] : [])),
      )
      return found.size > 1 ? 'ambiguous' : found.values().next().value
    },
  }
}

/** What is wrong with one entry of the list. */
export class ProxyProofError extends CodedError {
  readonly index: number

  constructor(index: number, message: string, remedy: string) {
    super('ERR_PROXY_PROOF', message, { remedy })
    this.index = index
  }
}

/** Systems have room for 104 to 108 bytes, the zero at the end included. */
const longestSocketPath = 103

/** RFC 2104 section 3: as long as the output of the hash. */
const shortestSecret = 32
const newSecret = 'Make one, for example with `openssl rand -base64 48`, and give it to the proxy as well.'

function nameKey(
  { subject, san }: ProxyOptions['proof'],
  fail: (message: string, remedy: string) => CodedError,
): string {
  try {
    if (subject !== undefined) return selectorKey(selectorOf('subject', subject))
    if (san?.dns !== undefined) return selectorKey(selectorOf('dns', san.dns))
    return selectorKey(selectorOf('uri', san?.uri ?? ''))
  } catch (error) {
    if (isCoded(error)) throw fail(error.message, error.remedy ?? '')
    throw error
  }
}

function proxyOf(options: ProxyOptions, secret: string | undefined): TrustedProxy {
  const { name, clientCertificate, addressHeader, forwardAuth } = options
  const terms = createHash('sha256')
    .update(JSON.stringify([options, secret ?? null]))
    .digest('hex')
  const form = createForm(clientCertificate)
  return {
    name,
    form,
    addressHeader: addressHeader?.toLowerCase(),
    certified: { name, believes: () => true, forwardAuth: forwardAuth && createForwardAuth(forwardAuth, form) },
    terms,
  }
}

function headersOf({ form, addressHeader }: TrustedProxy): string[] {
  return [form.header, form.chainHeader, addressHeader].filter(name => name !== undefined)
}
