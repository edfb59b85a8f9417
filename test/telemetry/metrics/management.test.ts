import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { isCoded } from '../../../src/errors.ts'
import { type Log, silentLog } from '../../../src/log.ts'
import { type Check, startManagement } from '../../../src/telemetry/metrics/management.ts'
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts'

const metrics = createMetrics({ clock: systemClock })
const checks: Record<string, Check> = {}
const listen = (port = 0, address = '127.0.0.1', log: Log = silentLog) =>
  startManagement({ address, port, metrics, checks, log })
const management = await listen()
after(() => management[Symbol.asyncDispose]())
const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${management.port}${path}`, init)

test('a process that runs is healthy', async () => {
  const response = await get('/healthz?verbose')
  assert.deepEqual([response.status, await response.json()], [200, { status: 'ok' }])
})

test('ready is who passes every check', async () => {
  checks.store = () => ({ ok: true })
  const ready = await get('/readyz')
  assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready', checks: { store: { ok: true } } }])
  checks.audit = async () => ({ ok: false, detail: 'the disk is full' })
  checks.broken = () => {
    throw new Error('gone')
  }
  const response = await get('/readyz')
  assert.equal(response.status, 503)
  assert.deepEqual(await response.json(), {
    status: 'not ready',
    checks: {
      store: { ok: true },
      audit: { ok: false, detail: 'the disk is full' },
      broken: { ok: false, detail: 'gone' },
    },
  })
})

test('a check that never answers does not keep the probe waiting', async () => {
  checks.stuck = () => new Promise(() => {})
  const response = await get('/readyz', { signal: AbortSignal.timeout(20_000) })
  delete checks.stuck
  const body = (await response.json()) as { checks: Record<string, unknown> }
  assert.deepEqual(body.checks.stuck, { ok: false, detail: 'no answer within 3000 ms' })
})

test('metrics come in the text format of Prometheus', async () => {
  metrics.requests.add('granted', 'mutual-tls')
  const response = await get('/metrics')
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
  assert.match(
    await response.text(),
    /^countersign_requests_total\{outcome="granted",authenticated_by="mutual-tls"} 1$/m,
  )
})

test('anything else is refused', async () => {
  assert.equal((await get('/')).status, 404)
  assert.equal((await get('/metrics', { method: 'POST', body: 'x' })).status, 405)
  assert.equal((await get('/metrics', { method: 'HEAD' })).status, 200)
})

test('a header section that is too long ends the connection, and the next one is served', async () => {
  const socket = connect(management.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  const answer = Buffer.concat(await Array.fromAsync(socket)).toString()
  assert.match(answer, /^HTTP\/1.1 431 /)
  assert.equal((await get('/healthz')).status, 200)
})

test('a page of the web that leads its own name to this machine reads nothing', async () => {
  const ask = async (host: string) => {
    const socket = connect(management.port, '127.0.0.1')
    socket.write(`GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    return Number(
      Buffer.concat(await Array.fromAsync(socket))
        .toString()
        .split(' ')[1],
    )
  }
  for (const host of ['localhost', 'localhost:9990', '127.0.0.1', '[::1]:9990'])
    assert.equal(await ask(host), 200, host)
  for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', ''])
    assert.equal(await ask(host), 421, host)
})

test('a port that is taken is named', async () => {
  await assert.rejects(
    listen(management.port),
    error => isCoded(error, 'ERR_MANAGEMENT_LISTEN') && error.message.includes(String(management.port)),
  )
})

test('an address that other machines reach is warned about, and the loopback is not', async () => {
  const warnings: object[] = []
  const log: Log = { ...silentLog, warn: fields => void warnings.push(fields) }
  await (await listen(0, '127.0.0.1', log))[Symbol.asyncDispose]()
  await (await listen(0, '::1', log))[Symbol.asyncDispose]()
  assert.equal(warnings.length, 0)
  await (await listen(0, '0.0.0.0', log))[Symbol.asyncDispose]()
  assert.equal(warnings.length, 1)
})

test('stopping does not wait for clients that stay connected', async () => {
  const other = await listen()
  const socket = connect(other.port, '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  await other[Symbol.asyncDispose]()
  await assert.rejects(fetch(`http://127.0.0.1:${other.port}/healthz`))
  socket.destroy()
})
