import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type SecureVersion } from 'node:tls'
import type { ServerProcess } from '../support/server-process.ts'
import { type Attack, cutAfter, ended, inBatches, openTcp, openTls, pour, tlsOptions } from './attack.ts'
import { openUpdating } from './key-updates.ts'

/** Octets that a client sends until its handshake is done, ClientHello apart. Told by a handshake on a way that is not cut. */
async function flights(server: ServerProcess, version: SecureVersion): Promise<{ hello: Buffer; whole: number }> {
  const way = cutAfter(server, Number.POSITIVE_INFINITY)
  const parts: Buffer[] = []
  const write = way._write.bind(way)
  way._write = (chunk, encoding, done) => {
    parts.push(Buffer.from(chunk))
    write(chunk, encoding, done)
  }
  const socket = connect({ ...tlsOptions(server), socket: way, minVersion: version, maxVersion: version })
  await once(socket, 'secureConnect')
  socket.destroy()
  return { hello: parts[0]!, whole: parts.reduce((sum, part) => sum + part.length, 0) }
}

async function countEnded(sockets: readonly Parameters<typeof ended>[0][]): Promise<string> {
  const results = await Promise.all(sockets.map(socket => ended(socket)))
  return `${results.filter(Boolean).length} of ${sockets.length} ended by the server`
}

export const handshakeAttacks: readonly Attack[] = [
  {
    name: 'connections that say nothing',
    async run(server, scale) {
      const sockets = Array.from({ length: 150 * scale }, () => openTcp(server))
      return { sent: `${sockets.length} connections, no octet`, met: await countEnded(sockets) }
    },
  },
  {
    name: 'a ClientHello that drips',
    async run(server, scale) {
      const { hello } = await flights(server, 'TLSv1.3')
      const sockets = Array.from({ length: 50 * scale }, () => openTcp(server))
      for (let at = 0; at < hello.length && sockets.some(socket => !socket.destroyed); at++) {
        for (const socket of sockets) if (socket.writable) socket.write(hello.subarray(at, at + 1))
        await sleep(20)
      }
      return { sent: `${sockets.length} connections, one octet every 20 ms`, met: await countEnded(sockets) }
    },
  },
  {
    name: 'a ClientHello that ends after each of its octets',
    async run(server) {
      const { hello } = await flights(server, 'TLSv1.3')
      await inBatches(hello.length, 100, async length => {
        const socket = openTcp(server)
        await once(socket, 'connect').catch(() => {})
        if (length % 2 === 0) socket.end(hello.subarray(0, length))
        else socket.write(hello.subarray(0, length), () => socket.resetAndDestroy())
        await ended(socket)
      })
      return { sent: `${hello.length} connections, closed or reset by turns`, met: 'each one forgotten' }
    },
  },
  {
    name: 'the flight with the certificate, ended after each of its octets',
    async run(server, scale) {
      let tried = 0
      let reached = 0
      for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
        const { hello, whole } = await flights(server, version)
        // Both versions in full take some 3,000 handshakes; a test looks at every fourth octet.
        const step = scale > 1 ? 1 : 4
        await inBatches(Math.ceil((whole - hello.length) / step), 24, async i => {
          tried += 1
          const way = cutAfter(server, hello.length + i * step)
          const socket = connect({ ...tlsOptions(server), socket: way, minVersion: version, maxVersion: version })
          socket
            .on('error', () => {})
            .once('secureConnect', () => {
              reached += 1
            })
          await ended(socket)
        })
      }
      return {
        sent: `${tried} handshakes, TLS 1.3 and 1.2`,
        met: `each one forgotten (${reached} clients thought that they were through)`,
      }
    },
  },
  {
    name: 'octets at random, and plain HTTP, instead of a handshake',
    async run(server, scale) {
      const count = 300 * scale
      await inBatches(count, 100, async i => {
        const socket = openTcp(server)
        const noise = randomBytes(1 + ((i * 997) % 20_000))
        // As a record of a handshake, of data, of an alert, or as nothing that is known.
        if (i % 4 !== 0) noise.set([20 + (i % 4), 3, 1, i % 64, i % 256], 0)
        socket.write(i % 10 === 0 ? 'GET /whoami HTTP/1.1\r\nHost: localhost\r\n\r\n' : noise)
        await ended(socket, 1_000)
        socket.destroy()
      })
      return {
        sent: `${count} connections of up to 20 KB`,
        met: 'an alert and the end, or waited for until the time was over',
      }
    },
  },
  {
    name: 'renegotiation (TLS 1.2)',
    async run(server, scale) {
      let refused = 0
      const count = 20 * scale
      await inBatches(count, 10, async () => {
        const socket = await openTls(server, { maxVersion: 'TLSv1.2' })
        await new Promise<void>(resolve => {
          socket.renegotiate({ rejectUnauthorized: true }, error => {
            if (error) refused += 1
            resolve()
          })
          socket.once('close', () => resolve())
          socket.once('error', () => {
            refused += 1
          })
        })
        socket.destroy()
      })
      return { sent: `${count} connections that ask for it`, met: `${refused >= count ? 'all' : refused} refused` }
    },
  },
  {
    name: 'key updates without end (TLS 1.3), answers not read',
    async run(server, scale) {
      let sent = 0
      let cut = 0
      const count = 3 * scale
      await inBatches(count, 3, async () => {
        const { plain, updates } = await openUpdating(server)
        for (let i = 0; i < 20 && !plain.destroyed; i++) {
          sent += 1000
          await pour(plain, updates(1000), 1)
        }
        // a reset is seen by whoever reads
        plain.resume()
        if (await ended(plain, 5_000)) cut += 1
        plain.destroy()
      })
      return {
        sent: `${sent.toLocaleString('en')} on ${count} connections, each asking for one in return`,
        met: `${cut} cut off`,
      }
    },
  },
  {
    name: 'more connections than one address may have',
    async run(server, scale) {
      const sockets = Array.from({ length: 700 * scale }, () => openTcp(server, '127.0.0.3'))
      await Promise.all(
        sockets.map(socket => (socket.connecting ? once(socket, 'connect').catch(() => {}) : undefined)),
      )
      await sleep(700)
      const open = sockets.filter(socket => !socket.destroyed).length
      for (const socket of sockets) socket.destroy()
      return { sent: `${sockets.length} connections at once`, met: `${open} kept, the rest closed at once` }
    },
  },
]
