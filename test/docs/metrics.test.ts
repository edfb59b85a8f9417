import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')

interface Described {
  readonly name: string
  readonly type: string
  readonly labelNames: readonly string[]
  readonly help: string
}

// prom-client's declarations leave out what its metrics carry
const metrics = createMetrics({ clock: systemClock }).registry.getMetricsAsArray() as unknown as Described[]
const described = metrics.toSorted((a, b) => (a.name < b.name ? -1 : 1))

test('docs/metrics.md lists every metric with its type, labels and meaning, and no other', () => {
  const rows = page.split('\n').filter(line => /^\| `[a-z_]+` \|/.test(line))
  const expected = described.map(({ name, type, labelNames, help }) => {
    const names = labelNames.map(label => `\`${label}\``).join(' ')
    return `| \`${name}\` | ${type} | ${names} | ${help} |`
  })
  assert.deepEqual(rows, expected)
})

test('the alerts of docs/metrics.md ask for metrics that exist', () => {
  const names = new Set(described.map(({ name }) => name))
  const asked = page.match(/expr: .*/g)!.flatMap(line => line.match(/countersign_[a-z_]+/g)!)
  assert.ok(asked.length > 4)
  assert.deepEqual(
    asked.filter(name => !names.has(name)),
    [],
  )
})
