/** How the revocation of the certificates below one trust anchor is found out. Times in milliseconds. */
export interface RevocationPolicy {
  /** off: not asked; prefer: asked, and let in where nobody answers; require: refused where nobody answers */
  readonly mode: 'off' | 'prefer' | 'require'
  readonly order: readonly RevocationMethod[]
  /** which certificates of the path are asked about; never the anchor */
  readonly depth: 'end-entity' | 'chain'
  /** an authority answers that it does not know the certificate */
  readonly onUnknown: 'allow' | 'refuse'
  /** the newest that is known is past its end and the grace */
  readonly onStale: 'allow' | 'refuse'
  readonly crl: { readonly grace: number; readonly distributionPoints: 'use' | 'ignore' }
  readonly ocsp: {
    readonly grace: number
    /** those that certificates name */
    readonly responders: 'use' | 'ignore'
    /** asked instead */
    readonly url: string | undefined
  }
}

export type RevocationMethod = 'ocsp' | 'crl'
