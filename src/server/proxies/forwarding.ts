import { hash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Clock } from '../../clock.ts'
import { BoundedCache } from '../../identity/trust/bounded-cache.ts'
import type { Judgement, Trust } from '../../identity/trust/trust.ts'
import { refuse } from '../../refusals.ts'
import type { Exchange, Peer, ProxiedBy } from '../http/exchange.ts'
import type { ProblemSource } from '../http/problem.ts'
import type { ReadForm } from './forms/forwarded-certificate.ts'
import { readEscapedPem } from './forms/pem.ts'
import { ForwardedPeer } from './forwarded-peer.ts'
import { checkSignature, nonceSpan } from './message-signature.ts'
import type { Proxies, TrustedProxy } from './proxies.ts'

/** What a listener asks about each request when there may be a proxy in front. */
export interface Forwarding {
  /**
   * Whom a request is from. `direct`: whoever holds the other end of the connection. A problem: a proxy is there, or says so, and what it
   * says cannot be believed. Never throws on what came in.
   */
  identify(connection: Peer, exchange: ForwardedRequest): Identified | Promise<Identified>
  /** Whether a proxy would still be believed on this connection. */
  stillBelieves(connection: Peer, proxy: TrustedProxy): boolean
  /** Other proxies, from the next request on. */
  replace(proxies: Proxies): void
}

export type ForwardedRequest = Pick<Exchange, 'method' | 'headers' | 'request'>

export type Identified =
  | { readonly kind: 'direct' }
  | { readonly kind: 'forwarded'; readonly peer: ForwardedPeer; readonly proxy: TrustedProxy; readonly by: ProxiedBy }
  | { readonly kind: 'refused'; readonly problem: ProblemSource }

export interface ForwardingSource {
  readonly proxies: Proxies
  readonly trust: Trust
  readonly clock: Clock
  /** where several processes note which signatures they have seen; left out, there is only this one */
  readonly nonces?: SharedNonces | undefined
  /** milliseconds of silence after which a client counts as one that comes anew */
  readonly rest: number
  /** how many clients are known at a time, at about 4 KB each; default 10,000 */
  readonly capacity?: number
}

export interface SharedNonces {
  /** Notes it until then; false: it was noted before. Times in milliseconds. */
  note(nonce: string, now: number, until: number): Promise<boolean>
}

/** V8 hashes strings up to 16383 characters in full, and longer ones by their length alone. */
const maxKeyLength = 8192

/**
 * Behind a proxy the judgement belongs to the request and not to the connection. The same header makes the same peer, so that a known
 * client costs a look-up: of what it presented, of the verdict, and of what was decided.
 */
export function createForwarding(source: ForwardingSource): Forwarding {
  const { trust, clock, rest, nonces, capacity = 10_000 } = source
  let proxies = source.proxies
  let peers = new BoundedCache<ForwardedPeer>(capacity)
  let proven = new WeakMap<Judgement, TrustedProxy | 'ambiguous' | 'none'>()

  function ofConnection(connection: Peer): TrustedProxy | 'ambiguous' | undefined {
    if (connection.proxySocket !== undefined) return proxies.ofSocket(connection.proxySocket)
    const judgement = connection.judgement()
    if (judgement === undefined || !judgement.verdict.ok) return undefined
    const known = proven.get(judgement) ?? lookUp(judgement)
    return known === 'none' ? undefined : known
  }

  function lookUp(judgement: Judgement): TrustedProxy | 'ambiguous' | 'none' {
    const found = (judgement.verdict.ok && proxies.ofCertificate(judgement.verdict)) || 'none'
    proven.set(judgement, found)
    return found
  }

  function identify(connection: Peer, exchange: ForwardedRequest): Identified | Promise<Identified> {
    if (proxies.size === 0 && connection.proxySocket === undefined) return direct
    const proxy = ofConnection(connection)
    if (proxy === 'ambiguous') return notProven('Two of the configured proxies have this certificate.')
    if (proxy !== undefined) return forwarded(connection, exchange.headers, proxy, asCertified(connection, proxy))
    // Nobody is at the other end but a proxy: there is no client of whom it could be.
    if (connection.proxySocket !== undefined)
      return notProven('The proxy of this socket is in the configuration no longer.')
    if (proxies.signers.size === 0) return direct
    const { method, headers, request } = exchange
    const signed = { method, headers, authority: headers.host ?? '', target: request.url ?? '' }
    const now = clock.now()
    const verdict = checkSignature(signed, proxies.signers, now)
    if (verdict.kind === 'none') return direct
    if (verdict.kind === 'invalid') return notProven(`The signature of the proxy does not count: ${verdict.reason}.`)
    const { covered, key, nonce } = verdict
    const { certified } = key.proxy
    const by = { ...certified, believes: (field: string) => covered.has(field) }
    const believed = () => forwarded(connection, headers, key.proxy, by)
    if (nonces === undefined) return believed()
    const name = hash('sha256', JSON.stringify([key.keyId, nonce]), 'base64url')
    return nonces.note(name, now, now + nonceSpan(key.maxAge)).then(first => {
      if (!first) return notProven('The signature of the proxy does not count: the nonce was used before.')
      // It may have been taken out of the configuration meanwhile.
      return proxies.signs(key.proxy) ? believed() : notProven('The signature of the proxy counts no longer.')
    })
  }

  function forwarded(connection: Peer, headers: Headers, proxy: TrustedProxy, by: ProxiedBy): Identified {
    const { form, addressHeader } = proxy
    const certificate = believedField(headers, form.header, by)
    const chain = believedField(headers, form.chainHeader, by)
    const address = believedField(headers, addressHeader, by)
    for (const field of [certificate, chain, address]) if (typeof field === 'object') return malformed(by, field)
    const remoteAddress = addressHeader === undefined ? connection.remoteAddress : lastAddress(address as Text)
    if (remoteAddress === undefined)
      return malformed(by, { name: addressHeader!, fault: 'does not say the address of the client' })
    const credential = headers.authorization
    const told = { certificate: certificate as Text, chain: chain as Text, remoteAddress, credential }
    const peer = clientOf(connection, by.name, form.read, told)
    if (typeof peer === 'string') return malformed(by, { name: form.header!, fault: peer })
    return { kind: 'forwarded', peer, proxy, by }
  }

  /** A string: why the certificate cannot be read. */
  function clientOf(connection: Peer, proxy: string, read: ReadForm, told: Told): ForwardedPeer | string {
    const { certificate, chain, remoteAddress, credential } = told
    const key = keyOf(proxy, remoteAddress, certificate, chain, credential)
    const now = performance.now()
    const known = peers.get(key)
    if (known !== undefined && known.epoch === trust.epoch && now - known.seen <= rest && !hasLostTrust(known)) {
      known.seen = now
      return known
    }
    const presented = certificate === undefined ? undefined : read(certificate, chain)
    if (typeof presented === 'string') return presented
    const peer = new ForwardedPeer(connection, remoteAddress, presented, trust, now)
    peers.set(key, peer)
    return peer
  }

  /** What a proxy says that has a certificate: where it asks over gRPC, its messages tell whom they are about. */
  function asCertified(connection: Peer, { certified }: TrustedProxy): ProxiedBy {
    if (certified.forwardAuth?.channel !== 'grpc') return certified
    return {
      ...certified,
      clientOf({ certificate = '', address = '', credential }) {
        if (isIP(address) === 0) return 'the address of the client is none'
        // Neither does a header hold any, from which the certificate would come otherwise.
        if (/[^\x20-\x7e]/.test(certificate)) return 'the certificate of the client is not percent-encoded'
        const text = certificate === '' ? undefined : certificate
        const told = { certificate: text, chain: undefined, remoteAddress: address, credential }
        const peer = clientOf(connection, `${certified.name} by gRPC`, readEscapedPem, told)
        if (typeof peer === 'string') return `the certificate of the client ${peer}`
        return peer.settle()?.then(() => peer) ?? peer
      },
    }
  }

  return {
    identify,
    stillBelieves(connection, proxy) {
      if (!proxies.has(proxy)) return false
      const now = ofConnection(connection)
      // Whoever signed was believed for its signature, whatever the connection is.
      return now === undefined ? proxies.signs(proxy) : now !== 'ambiguous' && now.terms === proxy.terms
    },
    replace(next) {
      proxies = next
      peers = new BoundedCache(capacity)
      proven = new WeakMap()
    },
  }
}

type Headers = ForwardedRequest['headers']
type Text = string | undefined

interface Told {
  readonly certificate: Text
  readonly chain: Text
  readonly remoteAddress: string
  readonly credential: Text
}

interface Fault {
  readonly name: string
  readonly fault: string
}

const direct = { kind: 'direct' } as const

function notProven(detail: string): Identified {
  return { kind: 'refused', problem: refuse('proxy_not_proven', detail) }
}

function malformed({ name: proxy }: ProxiedBy, { name, fault }: Fault): Identified {
  return {
    kind: 'refused',
    problem: { code: 'bad_request', detail: `The field ${name} of the proxy ${proxy} ${fault}.` },
  }
}

/** What began while it was trusted ends; what comes now is of somebody new. */
function hasLostTrust(peer: ForwardedPeer): boolean {
  return peer.wasTrusted && peer.judgement()?.verdict.ok === false
}

/** A field that the proxy writes; empty is as good as not there. What it did not sign is anybody's, and so it is refused. */
function believedField(headers: Headers, name: string | undefined, { believes }: ProxiedBy): Text | Fault {
  const value = name === undefined ? undefined : headers[name]
  if (name === undefined || value === undefined || value === '') return undefined
  if (typeof value !== 'string') return { name, fault: 'came more than once' }
  return believes(name) ? value : { name, fault: 'is not covered by its signature' }
}

/** The address that the proxy itself has seen: it stands last, behind whatever its client sent along. */
function lastAddress(value: Text): string | undefined {
  const last = value?.slice(value.lastIndexOf(',') + 1).trim() ?? ''
  if (isIP(last) !== 0) return last
  const address = /^\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?$/.exec(last)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(last)?.[1] ?? last
  return isIP(address) === 0 ? undefined : address
}

/**
 * What makes two requests be of one client. Without a certificate it is the credential: else everybody behind one address would be one
 * peer, who brings a hundred users. No field of a header holds a line end.
 */
function keyOf(proxy: string, address: string, certificate: Text, chain: Text, credential: Text): string {
  const who = `${proxy}\n${address}\n`
  if (certificate === undefined) return `${who}\n${credential === undefined ? '' : hash('sha256', credential)}`
  const what = chain === undefined ? certificate : `${certificate}\n${chain}`
  return who + (what.length > maxKeyLength ? hash('sha256', what) : what)
}
