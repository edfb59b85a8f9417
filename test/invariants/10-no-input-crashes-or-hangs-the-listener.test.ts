// Invariant 10 at the door: whatever bytes come, before, in or after the handshake, the next client is served.
import assert from 'node:assert/strict'
import { connect as connectTcp, type Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { type TestListener, testListener } from '../support/listener.ts'

const limits = { handshakeTimeout: 2000, headersTimeout: 1000, requestTimeout: 2000, keepAliveTimeout: 500 }

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const settings = Buffer.from('000000040000000000', 'hex')

/** Bytes that look like something, changed in a few places. */
function mutated(seed: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.nat(Math.max(0, seed.length - 1)), fc.integer({ min: 0, max: 255 }))
  return fc.tuple(fc.array(change, { maxLength: 6 }), fc.nat(seed.length)).map(([changes, cut]) => {
    const bytes = Buffer.from(seed)
    for (const [at, value] of changes) bytes[at] = value
    return cut % 5 === 0 ? bytes.subarray(0, cut) : bytes
  })
}

const http1 = mutated(
  Buffer.from(
    'POST /a?b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello' +
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'latin1',
  ),
)
const frame = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 255 }), fc.nat(9), fc.uint8Array({ maxLength: 60 }))
  .map(([type, flags, stream, payload]) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(payload.length, 0, 3)
    head[3] = type
    head[4] = flags
    head.writeUInt32BE(stream, 5)
    return Buffer.concat([head, payload])
  })
const http2 = fc.array(frame, { maxLength: 12 }).map(frames => Buffer.concat([preface, settings, ...frames]))
const noise = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))

/** Sends, waits until the other side has had its say or a moment has passed, and hangs up. */
function throwAt(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve()
    }
    const timer = setTimeout(done, 15)
    socket.on('error', done).on('close', done).resume().write(bytes)
  })
}

async function served(door: TestListener): Promise<void> {
  for (const http of ['http/1.1', 'h2'] as const) {
    const { status, socket } = await door.ask({ http })
    assert.equal(status, 200)
    socket.destroy()
  }
}

for (const [what, bytes, open] of [
  ['bytes instead of a handshake', fc.oneof(noise, mutated(Buffer.from('160301002801000024', 'hex'))), undefined],
  ['HTTP/1.1 that was tampered with', fc.oneof(http1, noise), 'http/1.1'],
  ['HTTP/2 frames in disorder', fc.oneof(http2, noise), 'h2'],
] as const) {
  test(`${what}: the next client is served, and nothing stays behind`, async () => {
    const door = await testListener({ options: { limits } })
    const attack = async (each: Buffer) => {
      const socket = open === undefined ? connectTcp(door.port, '127.0.0.1') : await door.connect({ http: open })
      await throwAt(socket, each)
    }
    await fc.assert(fc.asyncProperty(bytes, attack), {
      numRuns: 120,
      interruptAfterTimeLimit: 20_000,
      markInterruptAsFailure: false,
    })
    await served(door)
    const deadline = Date.now() + 20_000
    while (door.listener.connections().length > 0 && Date.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(door.listener.connections().length, 0)
  })
}
