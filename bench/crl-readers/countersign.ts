import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readListFile } from '../../src/identity/revocation/list-files.ts'
import { parseCertificate } from '../../src/pki/x509/certificate.ts'
import { readPem } from '../../src/pki/x509/pem.ts'
import type { CrlReader } from './reader.ts'

export const reader: CrlReader = {
  lookUps: 200_000,
  async read(folder) {
    const [authority] = readPem(await readFile(join(folder, 'ca.crt')))
    const { crls } = await readListFile(join(folder, 'ca.crl'), [parseCertificate(authority!.der)])
    const [crl] = crls
    if (crl === undefined) throw new Error('the list was not loaded')
    return serialNumber => crl.find(serialNumber).length === 1
  },
}
