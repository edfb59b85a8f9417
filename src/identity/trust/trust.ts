import type { Untrusted } from '../../pki/path/verdict.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { EpochListener } from './epoch.ts'
import type { TrustedInTenants } from './tenant-paths.ts'

/** What the client presented in the handshake, as DER. */
export interface PresentedChain {
  /** the certificate whose key the handshake proved */
  readonly leaf: Uint8Array
  /**
   * The other certificates, in the order they came, without the leaf. Asked for only when the leaf is not known already, since
   * reading the chain from a socket costs 100 µs. `undefined` says that they are not known: the TLS session was resumed, and
   * only the leaf came back. An empty list says that the client sent none.
   */
  rest(): readonly Uint8Array[] | undefined
}

/** The leaf together with what validation says of it, at one trust epoch. Void when `Trust.holds` says so. */
export interface Judgement {
  /** undefined when the bytes are no certificate */
  readonly certificate: Certificate | undefined
  readonly verdict: TrustedInTenants | Untrusted
  /** the trust epoch in which the verdict was reached; a judgement of another epoch is void */
  readonly epoch: number
  /** milliseconds since the epoch of clocks: the judgement is void from then on */
  readonly validUntil: number
  /**
   * Set while something about the certificate is still being found out (revocation): the verdict is what would count if nothing came of
   * it. Fulfilled when judging again is worth it. Who can wait waits, and then asks `judge` again.
   */
  readonly pending?: Promise<void>
}

/** Presented chain in, verdict out, at one trust epoch; a known client costs a look-up. Never throws on what a client sent. */
export interface Trust {
  /** rises when anchors, CRLs, allow-list, bindings, users or policy change */
  readonly epoch: number
  /**
   * `before` is what this trust said of the same chain last, void by now: whoever keeps it saves the work of reading the certificate
   * and of checking signatures again, also when more clients are connected than are known at a time.
   */
  judge(chain: PresentedChain, before?: Judgement): Judgement
  /** Whether it is likely that a judgement made earlier comes out worse now. Costs nothing: for knowing whom to judge again first. */
  doubts(judgement: Judgement): boolean
  /** whether a judgement made earlier may still be used: same epoch, nothing pending, and its time has not run out */
  holds(judgement: Judgement): boolean
  /** called after each rise of the epoch; the answer unsubscribes */
  onEpoch(listener: EpochListener): () => void
}
