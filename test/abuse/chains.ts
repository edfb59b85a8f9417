import { connect } from 'node:tls'
import { rawExtension } from '../../src/pki/x509/build-extensions.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { type Issued, selfSigned, testAuthority, testKey } from '../support/certificates.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { type Attack, tlsOptions } from './attack.ts'

/** Shakes hands with these certificates behind the leaf, and asks who it is: the status, or 0 for a connection that was cut. */
function ask(server: ServerProcess, leaf: Issued, others: string, version: 'TLSv1.2' | 'TLSv1.3'): Promise<number> {
  return new Promise(resolve => {
    const socket = connect({
      ...tlsOptions(server),
      cert: leaf.pem + others,
      key: leaf.keyPem,
      minVersion: version,
      maxVersion: version,
    })
    socket.setTimeout(20_000, () => socket.destroy())
    socket.once('secureConnect', () =>
      socket.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    )
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {}).once('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)))
  })
}

async function each(server: ServerProcess, leaf: Issued, others: string, times: number): Promise<string> {
  const statuses = new Map<number, number>()
  for (let i = 0; i < times; i++) {
    const status = await ask(server, leaf, others, i % 2 === 0 ? 'TLSv1.3' : 'TLSv1.2')
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  return [...statuses].map(([status, count]) => `${count} × ${status === 0 ? 'cut' : status}`).join(', ')
}

const padding = (octets: number) => [rawExtension('1.2.3.4', Buffer.alloc(octets))]

export const chainAttacks: readonly Attack[] = [
  {
    name: 'a chain of 16 MB',
    async run(server, scale) {
      const big = selfSigned({ subject: 'CN=big', extensions: padding(2_000_000) })
      return {
        sent: `${2 * scale} chains of 8 × 2 MB`,
        met: await each(server, server.alice, big.pem.repeat(8), 2 * scale),
      }
    },
  },
  {
    name: 'a leaf of 90 KB, more than a TLS session can hold',
    async run(server, scale) {
      const leaf = server.clients.issue({ subject: 'CN=large', extensions: padding(90_000) })
      return { sent: `${4 * scale} handshakes`, met: await each(server, leaf, '', 4 * scale) }
    },
  },
  {
    name: 'a chain of 10,000 certificates',
    async run(server, scale) {
      const { pem } = selfSigned({ subject: 'CN=one of many' })
      return { sent: `${2 * scale} chains`, met: await each(server, server.alice, pem.repeat(10_000), 2 * scale) }
    },
  },
  {
    name: 'as many certificates as OpenSSL takes (100 KB), all issuers of each other by name',
    async run(server, scale) {
      const key = testKey()
      const name = 'CN=same'
      const many = Array.from({ length: 30 }, () => testAuthority({ name, key: testKey() }).pem).join('')
      const leaf = testAuthority({ name, key }).issue({ subject: 'CN=alice' })
      const few = await each(server, leaf, many, 4 * scale)
      const more = await each(server, leaf, testAuthority({ name }).pem.repeat(230), 4 * scale)
      return { sent: `${4 * scale} × 31 and ${4 * scale} × 231 certificates`, met: `${few}; ${more}` }
    },
  },
  {
    name: 'strangers, each with a certificate that was never seen',
    async run(server, scale) {
      const stranger = testAuthority({ name: 'Stranger CA' })
      const key = testKey()
      const count = 60 * scale
      const statuses = new Set<number>()
      for (let i = 0; i < count; i++) {
        const leaf = stranger.issue({ subject: `CN=stranger ${i}`, key })
        statuses.add(await ask(server, leaf, writePem('CERTIFICATE', stranger.der), 'TLSv1.3'))
      }
      return { sent: `${count} handshakes`, met: `${[...statuses].join(', ')} for each` }
    },
  },
]
