// The page about the holes of the original names exactly those that have a test of that name.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'test/wso2/holes')
const page = readFileSync(join(root, 'docs/wso2-holes.md'), 'utf8')
const rows = [...page.matchAll(/^\| (`.+?) \| .+? \| .+? \| `(.+?)` \|$/gm)].map(([, holes, file]) => ({
  holes: [...holes!.matchAll(/`(.+?)`/g)].map(([, hole]) => hole!),
  file: file!,
}))

/** What its name, and the names of its tests, say; comments do not count. */
function named(file: string): Set<string> {
  const code = readFileSync(join(folder, file), 'utf8').replace(/^\s*\/\/.*$/gm, '')
  const text = [file, ...(code.match(/(['"`])(?:(?!\1).)*(?:CVE-|WSO2-\d|defect )(?:(?!\1).)*\1/g) ?? [])].join('\n')
  return new Set(text.match(/CVE-\d{4}-\d+|WSO2-\d{4}-\d+|\bdefect [a-r](?=:)/g) ?? [])
}

test('docs/wso2-holes.md has a row for every hole that a test is named after, with its file, and no other', () => {
  const files = readdirSync(folder).toSorted()
  const onPage = Map.groupBy(rows, ({ file }) => file)
  assert.deepEqual([...onPage.keys()].toSorted(), files)
  for (const file of files) {
    const told = onPage.get(file)!.flatMap(({ holes }) => holes)
    assert.deepEqual(told.toSorted(), [...named(file)].toSorted(), file)
  }
})

test('it has every defect from a to r', () => {
  const letters = rows.flatMap(({ holes }) => holes.flatMap(hole => /^defect (.)$/.exec(hole)?.[1] ?? []))
  assert.equal(letters.join(''), 'abcdefghijklmnopqr')
})
