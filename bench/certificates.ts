import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testAuthority } from '../test/support/certificates.ts'
import type { Task } from './load.ts'

/**
 * Server and client certificates of two authorities, all P-256, one level each. Two, because an OpenSSL client that trusts its own
 * issuer sends that along, and then servers verify more than the leaf.
 */
export function writeCertificates(folder: string): Task['credentials'] {
  const servers = testAuthority({ name: 'Server CA' })
  const clients = testAuthority({ name: 'Client CA' })
  const server = servers.issueServer()
  const client = clients.issue({ subject: 'CN=alice,O=Example' })
  mkdirSync(folder, { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write('ca.crt', clients.pem)
  write('server.crt', server.pem)
  write('server.key', server.keyPem)
  write('server.pem', server.pem + server.keyPem)
  // By it the nginx in front of Countersign is known.
  const edge = clients.issue({ subject: 'CN=nginx' })
  write('edge-client.crt', edge.pem)
  write('edge-client.key', edge.keyPem)
  write('countersign-ca.crt', servers.pem)
  return { ca: servers.pem, cert: client.pem, key: client.keyPem }
}
