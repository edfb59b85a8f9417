import type { Verdict } from '../../pki/path/verdict.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'

/** What the client presented in the handshake: DER, leaf first. On a resumed connection only the leaf comes back. */
export type PresentedChain = readonly Uint8Array[]

/** The leaf together with what validation says of it, at one trust epoch. */
export interface Judgement {
  readonly certificate: Certificate | undefined
  readonly verdict: Verdict
  /** the trust epoch in which the verdict was reached; a judgement of another epoch is void */
  readonly epoch: number
}

/** Presented chain in, verdict out, at one trust epoch; a known client costs a look-up. */
export interface Trust {
  /** rises when anchors, CRLs, allow-list, bindings, user locks or policy change */
  readonly epoch: number
  judge(chain: PresentedChain): Judgement
}
