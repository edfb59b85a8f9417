import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderReference } from '../../src/cli/reference.ts'
import { table } from '../../src/cli/table.ts'

test('docs/cli.md is what the commands say of themselves (npm run docs writes it)', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
  assert.equal(page, await renderReference())
})

test('every command goes by the name of its row in the table, and has a summary and examples that call it', async () => {
  for (const { name, summary, load } of table) {
    const { command } = await load()
    assert.equal(command.name.join(' '), name)
    if (command.name.length === 1) assert.equal(summary, command.summary)
    assert.match(command.summary, /^[A-Z].*[^.]$/)
    assert.ok(command.examples.length > 0, `${name} has examples`)
    for (const example of command.examples) assert.ok(example.includes(`countersign ${name}`), example)
  }
})
