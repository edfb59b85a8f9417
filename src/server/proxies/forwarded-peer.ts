import type { Trust } from '../../identity/trust/trust.ts'
import type { Peer } from '../http/exchange.ts'
import { JudgedPeer } from '../http/judged-peer.ts'
import type { ForwardedCertificate } from './forms/forwarded-certificate.ts'

/** The client of a proxy: whose request it is, while the connection is the proxy's. One object for all its requests of a while. */
export class ForwardedPeer extends JudgedPeer implements Peer {
  readonly listener: string
  readonly remoteAddress: string
  /** no proxy tells it */
  readonly remotePort = 0
  readonly protocol: string
  readonly resumed = false
  /** when it was last seen, on the clock of `performance.now()` */
  seen: number
  /** trust epoch in which it was first seen */
  readonly epoch: number
  readonly #rest: ForwardedCertificate['rest']

  constructor(
    proxied: Pick<Peer, 'listener' | 'protocol'>,
    remoteAddress: string,
    certificate: ForwardedCertificate | undefined,
    trust: Trust,
    seen: number,
  ) {
    super(certificate?.leaf ?? nothing, trust)
    this.listener = proxied.listener
    this.protocol = proxied.protocol
    this.remoteAddress = remoteAddress
    this.seen = seen
    this.epoch = trust.epoch
    this.#rest = certificate?.rest
  }

  rest(): readonly Uint8Array[] | undefined {
    return this.#rest
  }

  protected get gone(): boolean {
    return false
  }
}

const nothing = new Uint8Array(0)
