import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCertifiedFor } from '../../src/diagnosis/server-names.ts'
import { readTarget } from '../../src/diagnosis/target.ts'

test('a wildcard stands for the leftmost label, and for exactly one', () => {
  const names = ['*.example.org', 'example.net', '192.0.2.1', '2001:db8:0:0:0:0:0:1']
  for (const asked of ['a.example.org', 'A.Example.ORG', 'a.example.org.', 'example.net', '192.0.2.1', '2001:db8::1'])
    assert.ok(isCertifiedFor(names, asked), asked)
  for (const asked of ['example.org', 'a.b.example.org', 'a.example.net', '192.0.2.2', '2001:db8::2', 'org', ''])
    assert.ok(!isCertifiedFor(names, asked), asked)
  assert.ok(!isCertifiedFor(['*'], 'localhost'))
  assert.ok(!isCertifiedFor(['*.2.0.1'], '192.2.0.1'))
})

test('targets', () => {
  assert.deepEqual(readTarget('id.example.org:9443'), { host: 'id.example.org', port: 9443, name: 'id.example.org' })
  assert.deepEqual(readTarget('[::1]:443'), { host: '::1', port: 443, name: '::1' })
  assert.deepEqual(readTarget('https://a.example/whoami').port, 443)
  assert.deepEqual(readTarget('10.0.0.1:1', 'ID.example').name, 'id.example')
  for (const wrong of ['', 'localhost', 'a:b', 'a:99999', 'u:p@host:1', ':1'])
    assert.throws(() => readTarget(wrong), wrong)
})
