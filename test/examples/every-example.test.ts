import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot, readExample } from '../support/example.ts'

/** Which test checks which example. */
const checks: Readonly<Record<string, string>> = {
  container: 'test/examples/container.test.ts',
  envoy: 'test/examples/envoy.test.ts',
  express: 'test/e2e/the-packed-package-works-in-an-empty-folder.test.ts',
  fastify: 'test/e2e/the-packed-package-works-in-an-empty-folder.test.ts',
  haproxy: 'test/examples/haproxy.test.ts',
  java: 'test/e2e/the-walk-through-with-stores-made-by-the-jdk.test.ts',
  kubernetes: 'test/examples/kubernetes.test.ts',
  node: 'test/e2e/the-packed-package-works-in-an-empty-folder.test.ts',
  systemd: 'test/examples/systemd.test.ts',
}

const folders = readdirSync(join(projectRoot, 'examples'), { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

test('every example is checked by a test that speaks of it', () => {
  assert.deepEqual(folders.toSorted(), Object.keys(checks))
  for (const [folder, file] of Object.entries(checks)) {
    const text = readFileSync(join(projectRoot, file), 'utf8')
    assert.match(text, new RegExp(`['"\`/]${folder}['"\`/]`), `${file} says nothing of ${folder}`)
  }
})

test('examples/README.md lists every example in one line, with a file that is there', () => {
  const rows = [...readExample('README.md').matchAll(/^\| \[(\w+)\]\((\S+)\) \| .+ \|$/gm)]
  assert.deepEqual(rows.map(row => row[1]!).toSorted(), folders.toSorted())
  for (const [, name = '', file = ''] of rows) {
    assert.ok(file.startsWith(`${name}/`), file)
    assert.ok(readExample(file).length > 0)
  }
})
