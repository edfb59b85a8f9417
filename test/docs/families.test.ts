import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/families.md'), 'utf8')
const cves = (text: string) => new Set(text.match(/CVE-\d{4}-\d+/g) ?? [])
const rows = [...page.matchAll(/^\| (\d) \| .+? \| (.+?) \| (.+?) \|$/gm)].map(([, family, caught, tests]) => ({
  family,
  caught: cves(caught!),
  files: [...tests!.matchAll(/`(.+?)`/g)].map(([, file]) => file!),
}))

test('docs/families.md has a row for each family, with its test file', () => {
  const files = readdirSync(join(root, 'test/families')).toSorted()
  assert.deepEqual(
    rows.map(row => row.files[0]),
    files.map(name => `test/families/${name}`),
  )
  assert.deepEqual(
    rows.map(({ family }) => family),
    ['1', '2', '3', '4', '5', '6', '7'],
  )
})

test('it names the flaws that the tests name, and no other', () => {
  for (const { family, caught, files } of rows) {
    const [own, ...others] = files.map(file => cves(readFileSync(join(root, file), 'utf8')))
    const named = others.reduce((all, more) => all.union(more), own!)
    assert.deepEqual([...own!.difference(caught)], [], `family ${family}: missing on the page`)
    assert.deepEqual([...caught.difference(named)], [], `family ${family}: in none of its tests`)
  }
})
