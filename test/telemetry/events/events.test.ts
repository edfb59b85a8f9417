import assert from 'node:assert/strict'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { createLog, type LogLevel } from '../../../src/log.ts'
import { type Audit, openAudit } from '../../../src/telemetry/audit/audit.ts'
import { listAudit } from '../../../src/telemetry/audit/list.ts'
import { verifyAudit } from '../../../src/telemetry/audit/verify.ts'
import { createEvents } from '../../../src/telemetry/events/create-events.ts'
import type { Events } from '../../../src/telemetry/events/events.ts'
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const clock = fixedClock('2026-01-02T03:04:05Z')
let files = 0

/** Runs `use` with real parts, and answers what each of them has of it. */
async function happen(use: (events: Events, audit: Audit) => void | Promise<void>, level: LogLevel = 'info') {
  const stream = new PassThrough()
  const log = createLog(level, stream)
  const metrics = createMetrics({ clock })
  const file = join(folder, `${++files}.jsonl`)
  {
    await using audit = await openAudit({ file, clock, log: createLog('silent') })
    using events = createEvents({ log, metrics, audit })
    await use(events, audit)
  }
  stream.end()
  const text = Buffer.concat(await Array.fromAsync(stream)).toString()
  const lines = text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)]))
  const records = (await Array.fromAsync(listAudit(file))).slice(1)
  const scraped = await metrics.registry.metrics()
  const counters = scraped.split('\n').filter(line => /^countersign_.* [1-9]/.test(line))
  assert.equal((await verifyAudit([file])).ok, true)
  return { lines, records, counters, text, scraped }
}

const certificate = { thumbprint: 'ab'.repeat(32), subject: 'CN=alice', issuer: 'CN=CA', serialNumber: '0a' }
const access = { requestId: 'r1', remoteAddress: '192.0.2.1', method: 'GET', path: '/orders', certificate }
const granted = { ...access, user: 'alice', tenant: 'default', authenticatedBy: 'mutual-tls', binding: 'anchor ca' }
const handshake = { listener: 'main', remoteAddress: '192.0.2.1' }

/** Every event of the catalogue with an example. */
const examples: { [K in keyof Events]: Parameters<Events[K]>[0] } = {
  serverStarted: { listeners: [{ name: 'main', address: '::', port: 9443, clientAuth: 'want' }] },
  serverStopped: { reason: 'SIGTERM' },
  workerEnded: { worker: 2, reason: 'SIGKILL', restartSeconds: 0.1 },
  handshakeCompleted: { ...handshake, protocol: 'TLSv1.3', resumed: false, presented: true, durationMs: 4 },
  handshakeFailed: { ...handshake, reason: 'tlsv1 alert unknown ca' },
  connectionRefused: { ...handshake, code: 'certificate_expired', detail: 'It expired.', certificate },
  connectionEnded: {
    ...handshake,
    cause: 'users',
    code: 'account_locked',
    detail: 'It is locked.',
    user: 'alice',
    tenant: 'default',
    certificate,
  },
  accessGranted: { ...granted, first: true },
  accessRefused: { ...access, code: 'certificate_not_bound', detail: 'Not this user.' },
  upstreamFailed: {
    requestId: 'r1',
    route: '/orders/*',
    upstream: 'http://127.0.0.1:1',
    status: 502,
    reason: 'refused',
  },
  passwordThrottled: { remoteAddress: '192.0.2.1', retryAfterSeconds: 30 },
  userChanged: { actor: 'root', action: 'locked', tenant: 'default', user: 'bob' },
  tenantChanged: { actor: 'root', action: 'deactivated', tenant: 'example.org' },
  roleChanged: { actor: 'root', action: 'changed', tenant: 'default', role: 'buyer', changed: ['members'] },
  bindingChanged: { actor: 'root', action: 'added', tenant: 'default', binding: 'thumbprint ab' },
  trustChanged: { epoch: 7, cause: 'client-truststore.p12 changed' },
  revocationFetched: {
    kind: 'crl',
    source: 'http://crl.example/ca.crl',
    outcome: 'failed',
    detail: 'the answer was 503',
  },
  revocationUnknown: { outcome: 'refuse', failures: ['http://crl.example/ca.crl: the answer was 503'], certificate },
  reloadSucceeded: { cause: 'SIGHUP' },
  reloadFailed: { cause: 'the file is empty', file: 'a.p12', remedy: 'Restore it.' },
}

/** What each of them leaves: kind of the audit record, level and message of the log line, counters. */
const expected: { [K in keyof Events]: [kind: string | undefined, line: string, counters: string[]] } = {
  serverStarted: ['server-started', 'info the server is up', []],
  serverStopped: ['server-stopped', 'info the server is down', []],
  workerEnded: ['worker-ended', 'error a worker ended: a new one takes its place', ['workers_ended_total 1']],
  handshakeCompleted: [
    undefined,
    'debug a handshake ended',
    ['handshakes_total{listener="main",outcome="completed",protocol="TLSv1.3",resumed="no",certificate="yes"} 1'],
  ],
  handshakeFailed: [
    undefined,
    'info a handshake failed',
    ['handshakes_total{listener="main",outcome="failed",protocol="none",resumed="no",certificate="no"} 1'],
  ],
  connectionRefused: [
    'connection-refused',
    'info a connection was refused',
    ['refusals_total{code="certificate_expired",at="connection"} 1'],
  ],
  connectionEnded: [
    'connection-ended',
    'info an open connection was ended',
    ['connections_ended_total{code="account_locked"} 1'],
  ],
  accessGranted: [
    'access-granted',
    'info let in',
    ['requests_total{outcome="granted",authenticated_by="mutual-tls"} 1'],
  ],
  accessRefused: [
    'access-refused',
    'info refused',
    [
      'requests_total{outcome="refused",authenticated_by="none"} 1',
      'refusals_total{code="certificate_not_bound",at="request"} 1',
    ],
  ],
  upstreamFailed: [
    undefined,
    'warn an upstream did not answer',
    ['upstream_failures_total{route="/orders/*",status="502"} 1'],
  ],
  passwordThrottled: ['password-throttled', 'warn password attempts are held back', ['password_throttles_total 1']],
  userChanged: ['user-changed', 'info a user was changed', ['changes_total{kind="user",action="locked"} 1']],
  tenantChanged: [
    'tenant-changed',
    'info a tenant was changed',
    ['changes_total{kind="tenant",action="deactivated"} 1'],
  ],
  roleChanged: ['role-changed', 'info a role was changed', ['changes_total{kind="role",action="changed"} 1']],
  bindingChanged: ['binding-changed', 'info a binding was changed', ['changes_total{kind="binding",action="added"} 1']],
  trustChanged: ['trust-changed', 'info what is trusted has changed', ['trust_epoch 7', 'trust_changes_total 1']],
  revocationFetched: [
    undefined,
    'warn a source of revocation failed: what it said last stays in force',
    ['revocation_fetches_total{kind="crl",outcome="failed"} 1'],
  ],
  revocationUnknown: [
    undefined,
    'warn nobody says whether a certificate is revoked',
    ['revocation_unknowns_total{outcome="refuse"} 1'],
  ],
  reloadSucceeded: ['reload-succeeded', 'info reloaded', ['reloads_total{outcome="succeeded"} 1']],
  reloadFailed: [
    'reload-failed',
    'error the reload was refused: the state before it stays in force',
    ['reloads_total{outcome="failed"} 1'],
  ],
}

const levels: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' }

for (const name of Object.keys(examples) as (keyof Events)[]) {
  test(`${name} leaves its line, its counter and its record`, async () => {
    const { lines, records, counters } = await happen(events => events[name](examples[name] as never), 'debug')
    const [kind, line, names] = expected[name]
    assert.deepEqual(
      lines.map(({ level, msg }) => `${levels[level]} ${msg}`),
      [line],
    )
    assert.deepEqual(
      records.map(record => record.kind),
      kind === undefined ? [] : [kind],
    )
    const counted = counters.map(counter => counter.replace('countersign_', ''))
    assert.deepEqual(
      names.filter(one => !counted.includes(one)),
      [],
      counted.join('\n'),
    )
  })
}

test('a record of access says who, where from, for what and by which certificate', async () => {
  const { records } = await happen(events => {
    events.accessGranted({ ...granted, first: true })
    events.accessRefused({ ...access, certificate: null, code: 'credentials_required', detail: 'Sign in.' })
  })
  assert.deepEqual(
    records.map(record => record.fields),
    [granted, { ...access, certificate: null, code: 'credentials_required', detail: 'Sign in.' }],
  )
})

test('further requests of a connection are counted, and neither logged nor recorded', async () => {
  const { lines, records, counters } = await happen(events => {
    events.accessGranted({ ...granted, first: true })
    for (let i = 0; i < 99; i++) events.accessGranted({ ...granted, first: false })
  })
  assert.deepEqual([lines.length, records.length], [1, 1])
  assert.ok(counters.includes('countersign_requests_total{outcome="granted",authenticated_by="mutual-tls"} 100'))
})

test('what a caller has at hand and does not belong to an event gets nowhere', async () => {
  const planted = {
    password: 'hunter2',
    key: 'BEGIN hunter2',
    nested: { authorization: 'Basic hunter2' },
    header: 'hunter2',
  }
  const { text, records, scraped } = await happen(events => {
    for (const [name, example] of Object.entries(examples)) {
      const withSecrets = { ...example, ...planted, certificate: { ...certificate, ...planted } }
      events[name as keyof Events](withSecrets as never)
      if (name === 'accessGranted') events.accessGranted({ ...granted, ...planted, first: false })
    }
  }, 'debug')
  for (const place of [text, JSON.stringify(records), scraped]) assert.equal(place.includes('hunter2'), false)
})

test('texts that strangers choose are cut, and stay in one line', async () => {
  const path = `/${'a'.repeat(20_000)}`
  const subject = 'CN=evil\n{"level":50}\u2028'
  const { lines, records } = await happen(events =>
    events.accessRefused({
      ...access,
      path,
      certificate: { ...certificate, subject },
      code: 'issuer_unknown',
      detail: '',
    }),
  )
  assert.equal(lines.length, 1)
  assert.equal(lines[0].path.length, 1_001)
  assert.equal(lines[0].certificate.subject, subject)
  assert.equal((records[0]!.fields.path as string).length, 1_001)
})

test('a flood of refusals is counted in full, told twenty times, and summed up at the end', async () => {
  const { lines, records, counters } = await happen(events => {
    for (let i = 0; i < 1000; i++) events.accessRefused({ ...access, code: 'issuer_unknown', detail: '' })
    events.accessRefused({ ...access, remoteAddress: '192.0.2.2', code: 'issuer_unknown', detail: '' })
  })
  assert.equal(records.length, 22)
  assert.equal(lines.length, 22)
  assert.equal(records[20]!.fields.remoteAddress, '192.0.2.2')
  assert.equal(records[21]!.kind, 'repeated')
  const sum = { event: 'access-refused', code: 'issuer_unknown', remoteAddress: '192.0.2.1', count: 980 }
  assert.deepEqual(records[21]!.fields, sum)
  assert.ok(counters.includes('countersign_refusals_total{code="issuer_unknown",at="request"} 1001'))
})

test('a certificate that a binding names is watched, until what is trusted changes', async () => {
  const metrics = createMetrics({ clock })
  using events = createEvents({ log: createLog('silent'), metrics, audit: undefined })
  const tellGranted = (binding: string) =>
    events.accessGranted({
      ...granted,
      certificate: { ...certificate, notAfter: clock.now() + 86_400_000 },
      binding,
      first: true,
    })
  tellGranted('anchor partners')
  assert.equal((await metrics.registry.metrics()).includes('kind="client"'), false)
  tellGranted('thumbprint abab')
  assert.match(await metrics.registry.metrics(), /_expiry_days\{kind="client",alias="thumbprint abab"} 1$/m)
  events.trustChanged({ epoch: 8, cause: 'test' })
  assert.equal((await metrics.registry.metrics()).includes('kind="client"'), false)
})

test('the audit is measured', async () => {
  const metrics = createMetrics({ clock })
  await using audit = await openAudit({ file: join(folder, 'measured.jsonl'), clock, log: createLog('silent') })
  using events = createEvents({ log: createLog('silent'), metrics, audit })
  events.serverStopped({ reason: 'test' })
  assert.match(await metrics.registry.metrics(), /^countersign_audit_sequence 0\n.*^countersign_audit_pending 1$/ms)
  await audit.flush()
  assert.match(await metrics.registry.metrics(), /^countersign_audit_sequence 1\n.*^countersign_audit_pending 0$/ms)
})

test('without an audit file everything else goes on', async () => {
  const metrics = createMetrics({ clock })
  using events = createEvents({ log: createLog('silent'), metrics, audit: undefined })
  for (const name of Object.keys(examples) as (keyof Events)[]) events[name](examples[name] as never)
  assert.match(await metrics.registry.metrics(), /authenticated_by="mutual-tls"} 1$/m)
})
