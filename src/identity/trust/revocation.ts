import type { RevocationCheck } from '../../pki/path/validate.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'

/** Who knows whether certificates were taken back, by their authority or here. Looked up, never waited for. */
export interface Revocation {
  /** differs as soon as a certificate that was not taken back before may be now */
  readonly generation: number
  /** A look at one chain. */
  inquire(): Inquiry
  /** Whether one of the certificates was locked here. */
  locked(certificates: readonly Certificate[]): boolean
}

export interface Inquiry {
  /** nobody is to be asked: whatever the path, the answer is yes */
  readonly idle: boolean
  /** what `validatePath` asks about a path */
  readonly check: RevocationCheck
  /** Begins to find out what was missing, once the path is known; undefined: nothing was. Fulfilled when another look is worth it. */
  learn(): Promise<void> | undefined
  /** when what could not be learned is worth another try, milliseconds */
  readonly retryAt: number
}
