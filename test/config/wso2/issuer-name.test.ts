import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issuerKey } from '../../../src/config/wso2/issuer-name.ts'

const key = issuerKey('O=Acme\\, Inc.,CN=Clients')

test('a name is the same as RFC 4514 has it, as Java prints it and as OpenSSL does, in any order', () => {
  assert.ok(key)
  for (const text of [
    'CN=Clients, O="Acme, Inc."',
    'O="Acme, Inc.", CN=Clients',
    'cn = Clients, o = "Acme, Inc."',
    'CN=Clients,\nO="Acme, Inc."',
    'O="Acme\\, Inc.", CN="Clients"',
  ])
    assert.equal(issuerKey(text), key, text)
})

test('what stands in quotation marks is the value and nothing else', () => {
  for (const value of ['a,CN=b', 'say "hi"', 'back\\slash', '#1', ' blank ', 'a+b=c;<d>', 'x = y']) {
    const printed = value.replace(/["\\]/g, '\\$&')
    assert.equal(issuerKey(`CN="${printed}"`), `["2.5.4.3",${JSON.stringify(value)}]`, value)
  }
})

test('what is no name is none', () => {
  for (const text of ['', 'Clients', 'CN="Clients', 'CN=Cli"ents', 'O="Acme", Inc.', '="x"'])
    assert.equal(issuerKey(text), undefined, text)
})
