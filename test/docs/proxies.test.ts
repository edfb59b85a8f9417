import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { proxiesOptions } from '../../src/server/proxies/options.ts'
import { listenerOptions } from '../../src/server/tls/options.ts'
import { edgeProxies } from '../support/edge-proxies.ts'

const docs = join(import.meta.dirname, '../../docs')
const files = readdirSync(join(docs, 'proxies'))
const pages = ['proxies.md', 'proxy-protocol.md', 'forward-auth.md']
  .map(page => readFileSync(join(docs, page), 'utf8'))
  .join()

suite('docs/proxies', () => {
  for (const file of files) {
    test(`${file}: a page names it`, () => {
      assert.ok(pages.includes(`](proxies/${file})`), file)
    })
    if (file.endsWith('.lua')) continue
    test(`${file}: the half that belongs into countersign.yaml is a configuration`, () => {
      const half = otherHalf(file)
      assert.ok(half.proxies !== undefined || half.listeners !== undefined, file)
      if (half.proxies !== undefined) proxiesOptions.parse(half.proxies)
      for (const listener of half.listeners ?? []) listenerOptions.parse(listener)
    })
  }

  for (const { file, clientCertificate } of edgeProxies) {
    test(`${file}: is tested with the form that it names`, () => {
      const [{ clientCertificate: named }] = otherHalf(file).proxies as [{ clientCertificate: object }]
      assert.deepEqual(named, clientCertificate)
    })
  }
})

/** The comment at the top that is YAML. */
function otherHalf(file: string): { proxies?: readonly object[]; listeners?: readonly object[] } {
  const text = readFileSync(join(docs, 'proxies', file), 'utf8')
  const block = /^#\n((?:# {3}.*\n)+)/m.exec(text)?.[1] ?? ''
  return parse(block.replaceAll(/^# {3}/gm, '').replaceAll(/\[SHA-256 of [^\]]*\]/g, `[${'ab'.repeat(32)}]`)) ?? {}
}
