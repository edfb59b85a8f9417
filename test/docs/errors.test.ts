import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

test('docs/errors.md lists every error code of the source, and no other', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  )
  const used = new Set(
    files.flatMap(name => readFileSync(join(root, 'src', name), 'utf8').match(/\bERR_[A-Z0-9_]+\b/g) ?? []),
  )
  // Node's own codes, which the source handles and never throws.
  for (const code of [...used].filter(name =>
    /^ERR_(?:OSSL|SSL|TLS|HTTP2?|INVALID_ARG|STREAM|CRYPTO|SOCKET|OUT_OF|SQLITE)_?/.test(name),
  )) {
    if (!readFileSync(join(root, 'docs/errors.md'), 'utf8').includes(`| \`${code}\``)) used.delete(code)
  }
  const listed = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `(ERR_[A-Z0-9_]+)` \|/gm)].map(
    row => row[1]!,
  )
  assert.deepEqual(listed, [...used].toSorted())
})
