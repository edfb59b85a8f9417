import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { generatedDocuments } from '../../scripts/docs.ts'
import { renderConfigurationReference } from '../../src/config/reference.ts'
import { configurationSchema } from '../../src/config/schema.ts'

for (const [name, text] of Object.entries(await generatedDocuments())) {
  test(`docs/${name} is what the source says (npm run docs writes it)`, () => {
    assert.equal(readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8'), text)
  })
}

test('every key of the configuration has a sentence', () => {
  const rows = renderConfigurationReference(configurationSchema)
    .split('\n')
    .filter(line => line.startsWith('| `'))
  assert.ok(rows.length > 50)
  assert.deepEqual(
    rows.filter(row => row.split(' | ').at(-1)!.replace(' |', '').trim() === ''),
    [],
  )
})

test('the check can fail: a key without a sentence gives a row without one', () => {
  const page = renderConfigurationReference(z.strictObject({ planted: z.string() }))
  assert.match(page, /^\| `planted` \| string \| required \| {2}\|$/m)
})
