import { sign } from 'node:crypto'
import { bitString, explicit, integer, oid, sequence } from '../../../src/pki/asn1/der.ts'
import { encodeTime } from '../../../src/pki/x509/build-certificate.ts'
import { encodeExtension } from '../../../src/pki/x509/build-extensions.ts'
import { buildName } from '../../../src/pki/x509/build-name.ts'
import { type Extension, parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { baseTime, day, type Issued, type KeyPair, testKey } from '../../support/certificates.ts'

/** Parts of a certificate, each a whole DER element, for certificates that no honest tool would make. */
export interface Parts {
  readonly subject?: string
  readonly issuer?: Pick<Issued, 'certificate' | 'privateKey'>
  readonly key?: KeyPair
  readonly version?: Buffer
  readonly serialNumber?: Buffer
  readonly innerAlgorithm?: Buffer
  readonly outerAlgorithm?: Buffer
  readonly issuerName?: Buffer
  readonly spki?: Buffer
  readonly extensions?: readonly Extension[]
  readonly makeSignature?: (tbs: Buffer) => Buffer
  readonly signatureBits?: Buffer
}

export const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'))

/** A certificate of exactly these parts; signed with ECDSA and SHA-256 by the issuer (default: by itself). */
export function craft(parts: Parts = {}): Issued {
  const key = parts.key ?? testKey()
  const subject = buildName(parts.subject ?? 'CN=crafted')
  const signer = parts.issuer?.privateKey ?? key.privateKey
  const algorithm = parts.innerAlgorithm ?? ecdsaSha256
  const tbs = sequence(
    parts.version ?? explicit(0, integer(2)),
    parts.serialNumber ?? integer(7),
    algorithm,
    parts.issuerName ?? parts.issuer?.certificate.subject.raw ?? subject,
    sequence(encodeTime(baseTime - day), encodeTime(baseTime + 30 * day)),
    subject,
    parts.spki ?? key.publicKey.export({ type: 'spki', format: 'der' }),
    ...(parts.extensions === undefined ? [] : [explicit(3, sequence(...parts.extensions.map(encodeExtension)))]),
  )
  const signature = parts.makeSignature?.(tbs) ?? sign('sha256', tbs, signer)
  const der = sequence(tbs, parts.outerAlgorithm ?? algorithm, parts.signatureBits ?? bitString(signature))
  const certificate = parseCertificate(der)
  return { der, certificate, thumbprint: certificate.thumbprint, ...key, chain: [der] } as unknown as Issued
}
