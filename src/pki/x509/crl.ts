/** A certificate revocation list (RFC 5280 section 5). */
export interface Crl {
  readonly raw: Buffer
}
