import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { createMergedMetrics, takeSnapshot } from '../../../src/telemetry/metrics/merged-metrics.ts'
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts'

const clock = fixedClock('2026-01-01T00:00:00Z')

test('several processes are one: each metric in its own way, and what an ended one counted stays counted', async () => {
  const [first, one, other] = [createMetrics({ clock }), createMetrics({ clock }), createMetrics({ clock })]
  first.setNotServing()
  first.setReloadSuccessful(false)
  one.setTrustEpoch(7)
  other.setTrustEpoch(5)
  one.watchConnections('main', () => 3)
  other.watchConnections('main', () => 4)
  for (const each of [one, other, other]) each.requests.add('granted', 'mutual-tls')
  one.handshakeDuration('no', 3)
  let alive = [first, one, other]
  const merged = createMergedMetrics(() => Promise.all(alive.map(takeSnapshot)))
  const value = async (line: string) => {
    const text = await merged.registry.metrics()
    const found = text.split('\n').find(each => each.startsWith(`countersign_${line} `))
    return found === undefined ? undefined : Number(found.split(' ').at(-1))
  }
  const counted = 'requests_total{outcome="granted",authenticated_by="mutual-tls"}'
  const all = async () => [
    await value(counted),
    await value('handshake_duration_seconds_count{resumed="no"}'),
    await value('open_connections{listener="main"}'),
    await value('workers'),
    await value('trust_epoch'),
    await value('last_reload_successful'),
  ]
  assert.deepEqual(await all(), [3, 1, 7, 2, 7, 0])
  merged.keep(await takeSnapshot(one))
  alive = [first, other]
  assert.deepEqual(await all(), [3, 1, 4, 1, 5, 0])
  merged.keep(await takeSnapshot(other))
  alive = [first]
  assert.deepEqual((await all()).slice(0, 2), [3, 1])
  assert.equal(await value('workers'), 0)
})
