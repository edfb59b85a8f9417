// Third-party chains, read from beside the project; not part of it.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type BatchCase, judgeCase, readBatch } from '../../src/cli/batch-case.ts'

const root = join(import.meta.dirname, '../..')
const file = join(root, '../shared/suites/chains.json')

interface Chain extends BatchCase {
  readonly tier: 'core' | 'dos' | 'polOID' | 'crlAdv' | 'strict' | 'policy' | 'anchor'
  readonly expected: 'accept' | 'reject'
}

interface Result {
  readonly chain: Chain
  readonly got: 'accept' | 'reject'
  readonly code: string
  readonly ms: number
}

if (!existsSync(file)) {
  test('third-party chains', t => t.skip('skipped: ../shared/suites/chains.json is not there'))
} else {
  suite('third-party chains', () => {
    const results = judgeAll(readBatch(readFileSync(file, 'utf8'), file) as readonly Chain[])
    const wrong = (tiers: readonly Chain['tier'][], got: Result['got']) =>
      results
        .filter(result => tiers.includes(result.chain.tier) && result.got === got && result.chain.expected !== got)
        .map(({ chain, code }) => `${chain.id} ${code}`)

    test('core: no bad chain is accepted, and no good one refused', () => {
      assert.deepEqual(wrong(['core'], 'accept'), [])
      assert.deepEqual(wrong(['core'], 'reject'), [])
    })

    test('dos: everything is refused, each in under a second', () => {
      for (const { chain, got, ms } of results.filter(({ chain: { tier } }) => tier === 'dos')) {
        assert.equal(got, 'reject', chain.id)
        assert.ok(ms < 1000, `${chain.id}: ${ms} ms`)
      }
    })

    test('policies and special lists: nothing is wrongly accepted', () => {
      assert.deepEqual(wrong(['polOID', 'crlAdv'], 'accept'), [])
    })

    test('docs/validation.md counts and explains every difference', () => {
      const page = readFileSync(join(root, 'docs/validation.md'), 'utf8')
      const counted = Object.groupBy(results, ({ chain }) => chain.tier)
      for (const [tier, list] of Object.entries(counted)) {
        const count = (got: string, expected: string) =>
          list.filter(result => result.got === got && result.chain.expected === expected).length
        const same = count('accept', 'accept') + count('reject', 'reject')
        const row = `| ${tier} | ${list.length} | ${same} | ${count('reject', 'accept')} | ${count('accept', 'reject')} |`
        assert.ok(page.includes(row), row)
      }
      const listed = [...page.matchAll(/^\| (refuse|accept) \|[^|]+\|([^|]+)\|$/gm)].flatMap(([, we, ids = '']) =>
        [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => `${we} ${id}`),
      )
      const differ = results
        .filter(({ chain, got }) => got !== chain.expected)
        .map(({ chain, got }) => `${got === 'accept' ? 'accept' : 'refuse'} ${chain.id}`)
      assert.deepEqual(listed.toSorted(), differ.toSorted())
    })
  })
}

function judgeAll(chains: readonly Chain[]): Result[] {
  return chains.map(chain => {
    const start = performance.now()
    const verdict = judgeCase(chain, Date.now())
    const ms = performance.now() - start
    return { chain, got: verdict.ok ? 'accept' : 'reject', code: verdict.ok ? '' : verdict.code, ms }
  })
}
