import { setTimeout as sleep } from 'node:timers/promises'
import { type Attack, ended, inBatches, openTls, pour } from './attack.ts'

const line = 'GET /whoami HTTP/1.1\r\nHost: localhost\r\n'

/** What the server answered until it closed the connection. */
async function answer(socket: Awaited<ReturnType<typeof openTls>>, withinMs = 10_000): Promise<string> {
  let text = ''
  socket.on('data', chunk => {
    if (text.length < 100_000) text += chunk.toString('latin1')
  })
  const closed = await ended(socket, withinMs)
  socket.destroy()
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  return `${statuses.join(', ') || 'nothing'}${closed ? ', closed' : ''}`
}

export const http1Attacks: readonly Attack[] = [
  {
    name: 'a header section without end',
    async run(server, scale) {
      const socket = await openTls(server)
      socket.write(line)
      const met = answer(socket)
      const sent = await pour(socket, Buffer.from(`X-Fill: ${'x'.repeat(8000)}\r\n`), 2_000 * scale)
      return { sent: `up to ${16 * scale} MB, ${(sent / 1e6).toFixed(1)} MB went out`, met: await met }
    },
  },
  {
    name: '10,000 fields of one octet each',
    async run(server) {
      const socket = await openTls(server)
      const met = answer(socket)
      socket.write(line + 'a:b\r\n'.repeat(10_000))
      return { sent: '50 KB', met: await met }
    },
  },
  {
    name: 'header sections that drip',
    async run(server, scale) {
      const count = 40 * scale
      let closed = 0
      await inBatches(count, 40, async () => {
        const socket = await openTls(server)
        socket.resume().write(line)
        const over = ended(socket).then(() => {
          closed += 1
        })
        while (!socket.destroyed) {
          if (socket.writable) socket.write('X')
          await sleep(100)
        }
        await over
      })
      return { sent: `${count} connections, one octet every 100 ms`, met: `${closed} closed` }
    },
  },
  {
    name: 'requests without end, whose answers nobody reads',
    async run(server, scale) {
      const socket = await openTls(server)
      socket.pause()
      const sent = await pour(socket, Buffer.from(`${line}\r\n`.repeat(200)), 200 * scale)
      const more = await pour(socket, Buffer.from(`${line}\r\n`.repeat(200)), 1)
      const stuck = socket.writableLength > 0 || more === 0
      socket.destroy()
      return {
        sent: `${Math.round(sent / (line.length + 2)).toLocaleString('en')} pipelined requests`,
        met: stuck ? 'read no further while its answers were not read' : 'all taken',
      }
    },
  },
  {
    name: 'bodies larger than is taken, declared and in chunks',
    async run(server, scale) {
      const declared = await openTls(server)
      const first = answer(declared)
      declared.write('POST /whoami HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n')
      const chunked = await openTls(server)
      const second = answer(chunked)
      chunked.write('POST /whoami HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
      const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 0x61), Buffer.from('\r\n')])
      const sent = await pour(chunked, piece, 500 * scale)
      return { sent: `99 GB declared; ${(sent / 1e6).toFixed(0)} MB in chunks`, met: `${await first}; ${await second}` }
    },
  },
  {
    name: 'chunk extensions without end',
    async run(server, scale) {
      const socket = await openTls(server)
      const met = answer(socket)
      socket.write('POST /whoami HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
      const sent = await pour(socket, Buffer.from(`1;${'e'.repeat(60_000)}\r\nx\r\n`), 100 * scale)
      return { sent: `${(sent / 1e6).toFixed(1)} MB`, met: await met }
    },
  },
]
