import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

/** Codes of Node's own, which the source handles and never throws. */
const nodes =
  /^ERR_(?:HTTP_|HTTP2_|INVALID_|OSSL_|SQLITE_|SSL_|STREAM_|TLS_|CRYPTO_|SOCKET_|OUT_OF_RANGE|IPC_|WORKER_|SERVER_NOT_RUNNING)/

test('docs/errors.md lists every error code of the source, in order, and no other', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  )
  const found = files.flatMap(
    name => readFileSync(join(root, 'src', name), 'utf8').match(/\bERR_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g) ?? [],
  )
  const used = [...new Set(found)].filter(code => !nodes.test(code)).toSorted()
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(ERR_[A-Z0-9_]+)` \| (.+) \| (.+) \|$/gm)]
  assert.deepEqual(
    rows.map(([, code]) => code),
    used,
  )
})
