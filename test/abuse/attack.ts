import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { ServerProcess } from '../support/server-process.ts'

export interface Attack {
  readonly name: string
  /** Carries it out `scale` times as hard as a test does. Answers what was sent and what the server did. */
  run(server: ServerProcess, scale: number): Promise<{ readonly sent: string; readonly met: string }>
}

/** A plain connection that never throws. */
export function openTcp(server: ServerProcess, localAddress = '127.0.0.1'): Socket {
  const socket = connectTcp({ port: server.port, host: '127.0.0.1', localAddress, noDelay: true })
  return socket.on('error', () => {}).resume()
}

export function ended(socket: Socket | TLSSocket, withinMs = 30_000): Promise<boolean> {
  if (socket.destroyed) return Promise.resolve(true)
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve(false), withinMs)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

/** Where a client of an attack goes, and as whom. */
export type Target = Pick<ServerProcess, 'port' | 'ca' | 'alice'>

export const tlsOptions = (server: Target): ConnectionOptions => ({
  host: '127.0.0.1',
  port: server.port,
  servername: 'localhost',
  ca: server.ca,
  cert: server.alice.chainPem,
  key: server.alice.keyPem,
})

/** A connection whose handshake is done. */
export function openTls(server: ServerProcess, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...tlsOptions(server), ...options })
    socket.once('secureConnect', () => resolve(socket.off('error', reject).on('error', () => {})))
    socket.once('error', reject)
  })
}

/** Writes as fast as the other side takes it, until all is sent or the connection ends. Answers the number of octets that went out. */
export async function pour(socket: TLSSocket | Socket, chunk: Buffer, times: number): Promise<number> {
  let sent = 0
  for (let i = 0; i < times && !socket.destroyed && socket.writable; i++) {
    sent += chunk.length
    if (!socket.write(chunk)) {
      await new Promise<void>(resolve => {
        const done = () => {
          clearTimeout(timer)
          socket.off('drain', done).off('close', done)
          resolve()
        }
        const timer = setTimeout(done, 1000)
        socket.on('drain', done).on('close', done)
      })
    }
  }
  return sent
}

/** A way for TLS to the server on which only the first `octets` of what the client says get through; then it is cut. */
export function cutAfter(server: ServerProcess, octets: number): Duplex {
  const plain = openTcp(server)
  let left = octets
  const way = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, left)
      left -= part.length
      plain.write(part, () => {
        if (left === 0) plain.destroy()
        done()
      })
    },
    destroy(error, done) {
      plain.destroy()
      done(error)
    },
  })
  plain.on('data', chunk => way.push(chunk)).on('close', () => way.destroy())
  return way.on('error', () => {})
}

/** Some at a time, so that neither side runs out of ports or patience. */
export async function inBatches(count: number, size: number, work: (i: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += size) {
    await Promise.all(Array.from({ length: Math.min(size, count - from) }, (_, i) => work(from + i)))
  }
}
