// As a program that uses pkijs would do it: the list parsed, its signature verified, and `isCertificateRevoked` asked.
// `CertificateRevocationList.fromBER` refuses more than 10,000 nodes of ASN.1, so the parser is called with limits of our own.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromBER, Integer } from 'asn1js'
import { Certificate, CertificateRevocationList } from 'pkijs'
import { readPem } from '../../src/pki/x509/pem.ts'
import type { CrlReader } from './reader.ts'

export const reader: CrlReader = {
  lookUps: 4,
  async read(folder) {
    const [authority] = readPem(await readFile(join(folder, 'ca.crt')))
    const issuer = Certificate.fromBER(authority!.der)
    const { result } = fromBER(await readFile(join(folder, 'ca.crl')), {
      maxNodes: 100_000_000,
      maxContentLength: 2 ** 31,
    })
    const crl = new CertificateRevocationList({ schema: result })
    if (!(await crl.verify({ issuerCertificate: issuer }))) throw new Error('the signature of the list is not valid')
    return serialNumber =>
      crl.isCertificateRevoked(
        new Certificate({
          issuer: issuer.subject,
          serialNumber: new Integer({ valueHex: Uint8Array.from(Buffer.from(serialNumber, 'hex')).buffer }),
        }),
      )
  },
}
