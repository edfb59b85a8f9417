import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { campaign } from '../../fuzz/campaign.ts'
import { mutateDer } from '../../fuzz/mutate-der.ts'
import { Random } from '../../fuzz/random.ts'
import { targets } from '../../fuzz/targets/all.ts'
import { testAuthority } from '../support/certificates.ts'

const all = join(import.meta.dirname, '../../fuzz/targets/all.ts')
const planted = join(import.meta.dirname, 'planted.ts')

test('a few thousand hostile inputs for each parser: nothing but answers and coded errors', {
  timeout: 240_000,
}, async () => {
  const { counts, findings } = await campaign({ file: all, seed: 7, milliseconds: 120_000, executions: 12_000 })
  assert.deepEqual(findings, [])
  assert.deepEqual(
    Object.keys(counts),
    targets.map(target => target.name),
  )
  for (const [name, { executions, kept }] of Object.entries(counts)) {
    assert.ok(executions > 5 && kept > 0, `${name}: ${executions} executions, ${kept} kept`)
  }
})

test('a parser that throws, hangs or swallows memory is found, with the input, and the others go on', {
  timeout: 240_000,
}, async () => {
  const { counts, findings } = await campaign({
    file: planted,
    seed: 1,
    milliseconds: 60_000,
    executions: 1_000,
    megabytes: 64,
  })
  const found = (target: string) => findings.find(finding => finding.target === target)
  assert.match(found('throws')!.what, /read past the end/)
  assert.ok(found('throws')!.input.length > 9)
  assert.match(found('hangs')!.what, /^hung/)
  assert.ok(found('hangs')!.input.length < 4)
  assert.equal(found('swallows memory')!.what, 'ran out of memory')
  assert.equal(found('sound'), undefined)
  assert.ok(counts.sound!.executions > 100)
})

test('the same seed makes the same inputs, another makes others', () => {
  const { der } = testAuthority()
  const make = (seed: number) =>
    Array.from({ length: 20 }, (_, i) => mutateDer(der, new Random(seed, 1, i), [der]).toString('hex'))
  assert.deepEqual(make(3), make(3))
  assert.notDeepEqual(make(3), make(4))
  assert.ok(new Set(make(3)).size > 15)
})
