import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { configurationSchema } from '../../src/config/schema.ts'
import { ownNames } from '../../src/endpoints/gateway/protected-names.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/gateway.md'), 'utf8')

test('docs/gateway.md lists every header that an upstream gets from us, and no other', () => {
  const table = page.slice(page.indexOf('| header | holds |'))
  const listed = [...table.slice(0, table.indexOf('\n\n')).matchAll(/^\| `([^`]+)` \|/gm)].map(row =>
    row[1]!.toLowerCase(),
  )
  assert.deepEqual(listed.toSorted(), [...ownNames].toSorted())
})

test('its example is a configuration', () => {
  const example = parse(/```yaml\n([\s\S]+?)```/.exec(page)![1]!)
  const listeners = [{ keyStore: { file: 'a', password: 'b' }, trustStore: [{ file: 'a', password: 'b' }] }]
  const read = configurationSchema.safeParse({ ...example, listeners })
  assert.deepEqual(read.error?.issues ?? [], [])
})
