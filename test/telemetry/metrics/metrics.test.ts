import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { refusals } from '../../../src/refusals.ts'
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts'

const day = 86_400_000
const clock = fixedClock('2026-01-01T00:00:00Z')
const create = () => createMetrics({ clock })

/** Lines of the scrape that begin with that name, without it. */
async function scrape(metrics: ReturnType<typeof create>, name: string): Promise<string[]> {
  const text = await metrics.registry.metrics()
  return text
    .split('\n')
    .flatMap(line => (line.startsWith(`countersign_${name}`) ? [line.slice(12 + name.length)] : []))
}

test('two servers in one process count for themselves', async () => {
  const [one, other] = [create(), create()]
  one.requests.add('granted', 'mutual-tls')
  assert.deepEqual(await scrape(one, 'requests_total'), ['{outcome="granted",authenticated_by="mutual-tls"} 1'])
  assert.deepEqual(await scrape(other, 'requests_total'), [])
})

test('what is counted stays counted from one scrape to the next', async () => {
  const metrics = create()
  for (const expected of [2, 4]) {
    metrics.passwordThrottles.add()
    metrics.passwordThrottles.add()
    assert.deepEqual(await scrape(metrics, 'password_throttles_total'), [` ${expected}`])
  }
})

test('each refusal code is there from the start, at 0', async () => {
  const lines = await scrape(create(), 'refusals_total')
  assert.deepEqual(
    lines,
    Object.keys(refusals).map(code => `{code="${code}",at="request"} 0`),
  )
})

test('days until a certificate expires count down with the clock, and follow a reload', async () => {
  const metrics = create()
  metrics.setCertificateExpiry('server', 'main', clock.now() + 30 * day)
  metrics.setCertificateExpiry('anchor', 'old', clock.now() - 1.5 * day)
  assert.deepEqual(await scrape(metrics, 'certificate_expiry_days'), [
    '{kind="server",alias="main"} 30',
    '{kind="anchor",alias="old"} -1.5',
  ])
  clock.set(clock.now() + day)
  metrics.replaceCertificateExpiries('anchor', new Map([['new', clock.now() + day]]))
  assert.deepEqual(await scrape(metrics, 'certificate_expiry_days'), [
    '{kind="server",alias="main"} 29',
    '{kind="anchor",alias="new"} 1',
  ])
})

test('of a thousand client certificates the first 500 to expire are told', async () => {
  const metrics = create()
  for (let i = 0; i < 1000; i++) metrics.setCertificateExpiry('client', `c${i}`, clock.now() + (1000 - i) * day)
  const lines = await scrape(metrics, 'certificate_expiry_days')
  assert.equal(lines.length, 500)
  assert.equal(lines[0], '{kind="client",alias="c999"} 1')
})

test('labels that should be few stay few', async () => {
  const metrics = create()
  for (let i = 0; i < 1000; i++) metrics.upstreamFailures.add(`route${i}`, '502')
  const lines = await scrape(metrics, 'upstream_failures_total')
  assert.equal(lines.length, 201)
  assert.equal(lines.at(-1), '{route="other",status="other"} 800')
})

test('open connections are asked for when somebody scrapes', async () => {
  const metrics = create()
  let open = 3
  metrics.watchConnections('main', () => open)
  assert.deepEqual(await scrape(metrics, 'open_connections'), ['{listener="main"} 3'])
  open = 0
  assert.deepEqual(await scrape(metrics, 'open_connections'), ['{listener="main"} 0'])
})

test('handshake durations are seconds in buckets', async () => {
  const metrics = create()
  metrics.handshakeDuration('no', 4)
  const lines = await scrape(metrics, 'handshake_duration_seconds_bucket{le="0.0')
  assert.deepEqual(
    lines.filter(line => line.includes('"no"')),
    [
      '01",resumed="no"} 0',
      '025",resumed="no"} 0',
      '05",resumed="no"} 1',
      '1",resumed="no"} 1',
      '25",resumed="no"} 1',
      '5",resumed="no"} 1',
    ],
  )
})

test('the process is measured', async () => {
  const text = await create().registry.metrics()
  assert.match(text, /^process_resident_memory_bytes [1-9]\d{6,}$/m)
  assert.match(text, /^process_cpu_user_seconds_total 0\.\d+$|^process_cpu_user_seconds_total [1-9]/m)
})
