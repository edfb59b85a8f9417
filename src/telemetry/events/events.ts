/**
 * The catalogue: one function per business event. Each writes one log line, moves one counter, and, where it matters to an
 * auditor, appends one audit record. Values only: no sockets, no certificates, no secrets.
 */
export interface Events {
  serverStarted(event: {
    listeners: readonly {
      name: string
      address: string
      port: number
      clientAuth: string
      /** paths of the sockets of proxies */
      sockets?: readonly string[]
    }[]
  }): void
  serverStopped(event: { reason: string }): void
  /** a worker ended that nobody had asked to; `restartSeconds`: a new one takes its place after so long */
  workerEnded(event: { worker: number; reason: string; restartSeconds: number }): void
  handshakeCompleted(
    event: Handshake & {
      protocol: string
      resumed: boolean
      presented: boolean
      /** undefined: somebody else did the handshake */
      durationMs: number | undefined
    },
  ): void
  handshakeFailed(event: Handshake & { reason: string }): void
  /** the connection was ended before any request: an untrusted certificate under `onUntrusted: refuse`, or a limit */
  connectionRefused(event: Handshake & { code: string; detail: string; certificate: CertificateFacts | null }): void
  /**
   * An open connection was ended because what was decided for it would not be decided again: `cause` is what moved trust (`users`,
   * `anchors`, …, or `time`), `code` what its next request would have been refused with, `user` who it was for.
   */
  connectionEnded(
    event: Handshake & {
      cause: string
      code: string
      detail: string
      user: string | null
      tenant: string | null
      certificate: CertificateFacts | null
    },
  ): void
  /** `first` is true once per connection and principal: that one is audited, every one is counted */
  accessGranted(
    event: Access & {
      user: string
      tenant: string
      authenticatedBy: string
      binding: string | null
      first: boolean
      /** thumbprints of the path that the certificate was trusted by, leaf first, anchor last */
      trustPath?: readonly string[] | undefined
    },
  ): void
  accessRefused(event: Access & { code: string; detail: string }): void
  upstreamFailed(event: { requestId: string; route: string; upstream: string; status: 502 | 504; reason: string }): void
  /** password attempts from this address or for this user are being held back */
  passwordThrottled(event: { remoteAddress: string; retryAfterSeconds: number }): void
  /** `changed`: which of `name`, `password`, `state`, `roles`, `attributes`, where the action does not say it */
  userChanged(event: Change & { user: string; changed?: readonly string[] }): void
  /** `changed`: which of `name`, `members`, `permissions` */
  roleChanged(event: Change & { role: string; changed?: readonly string[] }): void
  tenantChanged(event: {
    actor: string
    action: 'added' | 'removed' | 'changed' | 'activated' | 'deactivated'
    tenant: string
  }): void
  bindingChanged(event: Change & { binding: string }): void
  trustChanged(event: { epoch: number; cause: string }): void
  /** a revocation list or an answer of a responder was fetched or loaded, or could not be: then the last good one stays in force */
  revocationFetched(event: {
    kind: 'crl' | 'ocsp'
    source: string
    outcome: 'loaded' | 'unchanged' | 'failed'
    detail: string
  }): void
  /** no source could say whether a certificate is revoked */
  revocationUnknown(event: {
    outcome: 'allow' | 'refuse'
    failures: readonly string[]
    certificate: CertificateFacts
  }): void
  reloadSucceeded(event: { cause: string }): void
  /** the state before it stays in force */
  reloadFailed(event: { cause: string; file: string | null; remedy: string | null }): void
}

export interface Handshake {
  readonly listener: string
  readonly remoteAddress: string
}

export interface CertificateFacts {
  readonly thumbprint: string
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  /** milliseconds since the epoch: for the days that a bound certificate has left */
  readonly notAfter?: number
}

export interface Access {
  readonly requestId: string
  readonly remoteAddress: string
  /** name of the proxy that handed the request on; undefined: none did */
  readonly proxy?: string | undefined
  readonly method: string
  readonly path: string
  readonly certificate: CertificateFacts | null
}

export interface Change {
  readonly actor: string
  readonly action: 'added' | 'removed' | 'changed' | 'locked' | 'unlocked' | 'password-set'
  readonly tenant: string
}
