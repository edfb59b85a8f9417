import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect2, openFront, openUpstream } from './front.ts'

const size = 100 * 1024 * 1024
const block = randomBytes(64 * 1024)
const whole = createHash('sha256')
for (let sent = 0; sent < size; sent += block.length) whole.update(block)
const expected = whole.digest('hex')

async function* blocks() {
  for (let sent = 0; sent < size; sent += block.length) yield block
}

const events: string[] = []
let produced = 0
/** The upstream reads an upload only when this is open. */
const gate = createGate()

function createGate() {
  let release = () => {}
  let opened = new Promise<void>(resolve => {
    release = resolve
  })
  return {
    open: () => release(),
    close: () => {
      opened = new Promise<void>(resolve => {
        release = resolve
      })
    },
    get opened() {
      return opened
    },
  }
}
const upstream = await openUpstream(async (request, response) => {
  switch (request.url) {
    case '/s/upload': {
      await gate.opened
      response.end(await digestOf(request))
      return
    }
    case '/s/download':
      produced = 0
      await pipeline(async function* () {
        for await (const chunk of blocks()) {
          produced += chunk.length
          yield chunk
        }
      }, response).catch(() => {})
      return
    case '/s/early':
      response.writeHead(413, { connection: 'close' }).end('enough')
      return
    case '/s/wait':
      events.push('asked')
      response.on('close', () => events.push(response.writableFinished ? 'done' : 'aborted'))
      return
    case '/s/drip':
      response.on('close', () => events.push('drip closed'))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      return
    case '/s/sink':
      request.on('error', () => {}).on('close', () => events.push(request.complete ? 'got all' : 'cut short'))
      request.resume().on('end', () => response.end('ok'))
      return
    case '/s/duplex':
      response.writeHead(200)
      request.on('data', chunk => response.write(chunk)).on('end', () => response.end())
      return
  }
})
const front = await openFront([{ path: '/s/*', upstream: upstream.url, timeouts: { idle: 5_000 } }], {
  limits: { maxBodyBytes: size + 1 },
})
const small = await openFront([{ path: '/s/*', upstream: upstream.url, timeouts: { idle: 700 } }], {
  limits: { maxBodyBytes: 1000 },
})

const alice = front.client('alice')

function open(path: string, method = 'GET', to = front) {
  const as = to === front ? alice : to.client('alice')
  const request = https.request({
    host: '127.0.0.1',
    port: to.port,
    servername: 'localhost',
    path,
    method,
    ca: to.ca,
    cert: as.chainPem,
    key: as.keyPem,
    agent: false,
  })
  request.on('error', () => {})
  return request
}

const responseOf = async (request: ReturnType<typeof open>): Promise<IncomingMessage> =>
  (await once(request, 'response'))[0]

async function digestOf(body: Readable): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}

/** Waits until a count has begun and does not grow any more. */
async function standsStill(count: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 6; ) {
    await delay(50)
    same = count() > 0 && count() === last ? same + 1 : 0
    last = count()
  }
}

async function seenWithin(event: string, milliseconds = 5_000): Promise<void> {
  const end = Date.now() + milliseconds
  while (!events.includes(event)) {
    assert.ok(Date.now() < end, `${event} within ${milliseconds} ms; seen: ${events.join(', ')}`)
    await delay(10)
  }
}

/** So much may be on its way: the buffers of four sockets and of ours between them. */
const underway = 24 * 1024 * 1024

test('100 MB up and down over HTTP/1.1, at the pace of whoever is slower, and whole', {
  timeout: 120_000,
}, async () => {
  const up = open('/s/upload', 'POST')
  let sent = 0
  const sending = pipeline(async function* () {
    for await (const chunk of blocks()) {
      sent += chunk.length
      yield chunk
    }
  }, up as Writable)
  await standsStill(() => sent)
  assert.ok(sent < underway, `${sent} octets went out while nobody read`)
  gate.open()
  const answer = await responseOf(up)
  await sending
  assert.equal((await answer.setEncoding('latin1').toArray()).join(''), expected)

  const down = await responseOf(open('/s/download').end())
  await standsStill(() => produced)
  assert.ok(produced < underway, `${produced} octets were fetched while nobody read`)
  assert.equal(await digestOf(down), expected)
})

test('the same over HTTP/2', { timeout: 120_000 }, async () => {
  const session = connect2(front, alice)
  try {
    gate.close()
    const up = session.request({ ':method': 'POST', ':path': '/s/upload' })
    let sent = 0
    const sending = pipeline(async function* () {
      for await (const chunk of blocks()) {
        sent += chunk.length
        yield chunk
      }
    }, up as Writable)
    await standsStill(() => sent)
    assert.ok(sent < underway, `${sent} octets went out while nobody read`)
    gate.open()
    assert.equal((await up.setEncoding('latin1').toArray()).join(''), expected)
    await sending
    const down = session.request({ ':path': '/s/download' })
    await once(down, 'response')
    await standsStill(() => produced)
    assert.ok(produced < underway, `${produced} octets were fetched while nobody read`)
    assert.equal(await digestOf(down), expected)
  } finally {
    session.close()
  }
})

test('both directions at once', async () => {
  const request = open('/s/duplex', 'POST')
  request.write('one')
  const answer = await responseOf(request)
  assert.equal(String((await once(answer, 'data'))[0]), 'one')
  request.write('two')
  assert.equal(String((await once(answer, 'data'))[0]), 'two')
  request.end()
  await once(answer.resume(), 'end')
})

test('an event stream is not held back, and ends at the upstream when the client goes', async () => {
  events.length = 0
  const request = open('/s/drip').end()
  const answer = await responseOf(request)
  assert.equal(String((await once(answer, 'data'))[0]), 'data: 1\n\n')
  request.destroy()
  await seenWithin('drip closed')
})

test('a client that goes away takes its request along: before the answer, and in the middle of the upload', async () => {
  events.length = 0
  const waiting = open('/s/wait').end()
  await seenWithin('asked')
  waiting.destroy()
  await seenWithin('aborted')

  const upload = open('/s/sink', 'POST')
  upload.write(block)
  await delay(100)
  upload.destroy()
  await seenWithin('cut short')

  events.length = 0
  const session = connect2(front, alice)
  const stream = session.request({ ':path': '/s/wait' }).on('error', () => {})
  await seenWithin('asked')
  stream.close(http2.constants.NGHTTP2_CANCEL)
  await seenWithin('aborted')
  session.close()
})

test('an answer that comes before the upload is done arrives', async () => {
  const request = open('/s/early', 'POST')
  request.write(block)
  const answer = await responseOf(request)
  assert.equal(answer.statusCode, 413)
  assert.equal((await answer.setEncoding('latin1').toArray()).join(''), 'enough')
  request.destroy()
  const session = connect2(front, alice)
  try {
    const stream = session.request({ ':method': 'POST', ':path': '/s/early' }).on('error', () => {})
    stream.write(block)
    assert.equal((await once(stream, 'response'))[0][':status'], 413)
    stream.resume()
    await once(stream, 'close')
  } finally {
    session.close()
  }
})

test('more than the listener takes is refused, declared or not, over both versions', async () => {
  const declared = open('/s/sink', 'POST', small)
  declared.setHeader('content-length', 2000)
  declared.flushHeaders()
  assert.equal((await responseOf(declared)).statusCode, 413)
  declared.destroy()
  const chunked = open('/s/sink', 'POST', small)
  chunked.write('x'.repeat(600))
  chunked.write('x'.repeat(600))
  assert.equal((await responseOf(chunked)).statusCode, 413)
  chunked.destroy()
  const session = connect2(small, small.client('alice'))
  try {
    const stream = session.request({ ':method': 'POST', ':path': '/s/sink' }).on('error', () => {})
    stream.write('x'.repeat(1200))
    assert.equal((await once(stream, 'response'))[0][':status'], 413)
  } finally {
    session.destroy()
  }
})

test('a client that stops in the middle of an upload is told so', async () => {
  events.length = 0
  const request = open('/s/sink', 'POST', small)
  request.write('x')
  const answer = await responseOf(request)
  assert.equal(answer.statusCode, 408)
  await seenWithin('cut short')
  request.destroy()
})

test('Expect: 100-continue is answered, and the body follows', async () => {
  const request = open('/s/upload', 'POST')
  request.setHeader('expect', '100-continue')
  request.flushHeaders()
  await once(request, 'continue')
  request.end('abc')
  const answer = await responseOf(request)
  assert.equal(
    (await answer.setEncoding('latin1').toArray()).join(''),
    createHash('sha256').update('abc').digest('hex'),
  )
})
