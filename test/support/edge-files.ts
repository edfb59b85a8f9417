import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Issued, testAuthority } from './certificates.ts'
import { scratchFolder } from './scratch.ts'

/** The folder that the files in docs/proxies/ call /etc/countersign/edge. */
export interface EdgeFiles {
  readonly folder: string
  /** PEM of the authority of the certificate that the proxy shows its clients, of `localhost` */
  readonly ca: string
}

/** `client` is the certificate by which the proxy proves itself, `countersignCa` the PEM of the authority of Countersign's own. */
export function edgeFiles(client: Issued, countersignCa: string): EdgeFiles {
  const folder = join(scratchFolder(), 'edge')
  mkdirSync(folder)
  const authority = testAuthority({ name: 'Edge CA' })
  const server = authority.issueServer()
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
  for (const [name, { chainPem, keyPem }] of Object.entries({ server, 'edge-client': client })) {
    write(`${name}.crt`, chainPem)
    write(`${name}.key`, keyPem)
    write(`${name}.pem`, chainPem + keyPem)
  }
  write('countersign-ca.crt', countersignCa)
  write('clients-ca.crt', authority.pem)
  return { folder, ca: authority.pem }
}
