import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Refusal } from '../../refusals.ts'
import type { Judgement } from '../trust/trust.ts'

/** Who the request is, and how that was proven. */
export interface Principal {
  readonly user: string
  readonly tenant: string
  readonly roles: readonly string[]
  /** name of the authenticator: mutual-tls, basic, … */
  readonly authenticatedBy: string
  /** how the certificate led to the user, in words an administrator recognises (`thumbprint 3f0a…`, `anchor partners`); null without a certificate */
  readonly binding: string | null
  /** the certificate of the connection, whether or not it was what proved the user; null without one */
  readonly certificate: Certificate | null
}

/** What an authenticator may look at: values, no sockets. */
export interface AuthenticationRequest {
  /** lower-case names; a header that came more than once is an array */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /**
   * A user name that the request asserts elsewhere than in a header that authenticators read (a SOAP header block, another header), as
   * plain text; the empty text is a malformed name. It never adds a user: like the header, it selects among those of the bindings.
   */
  readonly assertedUser?: string | undefined
  /** of the connection; undefined when no certificate was presented */
  readonly judgement: Judgement | undefined
  readonly remoteAddress: string
  /** name of the authenticator, among those that count for this request, that the Authorization header is for; undefined for none */
  readonly claimedBy?: string | undefined
}

export type Outcome =
  /** not mine; `hint` is the refusal to answer with when nobody else accepts */
  | { readonly kind: 'abstain'; readonly hint?: Refusal }
  | { readonly kind: 'accept'; readonly principal: Principal }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }

export interface Authenticator {
  readonly name: string
  /** WWW-Authenticate challenge, where the scheme has one */
  readonly challenge: string | undefined
  /**
   * Lower-case names of the headers that the outcome is made from, `authorization` aside. With them, the asserted user, the judgement
   * and the trust epoch decide the outcome alone, and the chain may remember it. Undefined: never remembered.
   */
  readonly reads?: readonly string[]
  /** where-asked: only for requests whose endpoint says so. Default: everywhere */
  readonly counts?: 'everywhere' | 'where-asked'
  /** whether an Authorization header of this scheme is for this authenticator */
  claims(authorization: string): boolean
  authenticate(request: AuthenticationRequest): Outcome | Promise<Outcome>
  /**
   * Whether a principal that it gave on this connection would be given again, for one whose proof was in the request and is gone with it.
   * Left out: as long as the user is active and has the roles.
   */
  again?(principal: Principal, request: Pick<AuthenticationRequest, 'judgement'>): Promise<Outcome>
}
