import type { KeyObject } from 'node:crypto'
import type { Name } from './name.ts'

/** A certificate read from its own bytes (RFC 5280 section 4.1). Immutable; what costs is computed at first use and kept. */
export interface Certificate {
  /** the whole certificate, DER */
  readonly raw: Buffer
  /** the signed part, DER */
  readonly tbs: Buffer
  /** 1, 2 or 3 */
  readonly version: number
  /** content octets of the INTEGER as lower-case hex, at least two digits; never shortened through a number */
  readonly serialNumber: string
  readonly issuer: Name
  readonly subject: Name
  /** milliseconds since the epoch */
  readonly notBefore: number
  readonly notAfter: number
  /** SubjectPublicKeyInfo, DER */
  readonly spki: Buffer
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  /** by object identifier; a duplicate extension makes the certificate malformed */
  readonly extensions: ReadonlyMap<string, Extension>
  /** SHA-256 over `raw`, lower-case hex */
  readonly thumbprint: string
  /** node:crypto's public key. Throws ERR_CERTIFICATE_MALFORMED where node:crypto cannot read the key */
  publicKey(): KeyObject
}

export interface AlgorithmIdentifier {
  readonly oid: string
  /** the whole AlgorithmIdentifier, DER */
  readonly raw: Buffer
  /** DER of the parameters, undefined when absent */
  readonly parameters: Buffer | undefined
}

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** content of extnValue, DER */
  readonly value: Buffer
}
