import { hash } from 'node:crypto'

/** SHA-256 over the DER, lower-case hex. SHA-1 only where a WSO2 file asks for it. */
export function thumbprint(der: Uint8Array, algorithm: 'sha256' | 'sha1' = 'sha256'): string {
  return hash(algorithm, der, 'hex')
}
