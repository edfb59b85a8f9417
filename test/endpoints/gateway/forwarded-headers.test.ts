import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardedHeaders } from '../../../src/endpoints/gateway/forwarded-headers.ts'

const headers = (address: string, host: string | undefined) => {
  const flat = forwardedHeaders(address, host)
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]))
}

test('address, host, port and protocol, in both notations', () => {
  assert.deepEqual(headers('192.0.2.7', 'shop.example.org:9443'), {
    'x-forwarded-for': '192.0.2.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop.example.org:9443',
    'x-forwarded-port': '9443',
    forwarded: 'for=192.0.2.7;host="shop.example.org:9443";proto=https',
  })
  assert.equal(headers('192.0.2.7', 'shop.example.org')['x-forwarded-port'], '443')
})

test('IPv6 is quoted, a mapped address is IPv4, a zone stays here', () => {
  assert.equal(headers('2001:db8::1', undefined).forwarded, 'for="[2001:db8::1]";proto=https')
  assert.equal(headers('::ffff:192.0.2.7', undefined).forwarded, 'for=192.0.2.7;proto=https')
  assert.equal(headers('fe80::1%eth0', undefined)['x-forwarded-for'], 'fe80::1')
  assert.equal(headers('::1', '[::1]:9443')['x-forwarded-host'], '[::1]:9443')
})

test('a host that could break out of the quotes is left out', () => {
  for (const host of ['a"b', 'a;for=evil', 'a b', 'a,b', 'user@host', '', 'a:99999999', 'a\r\nb']) {
    assert.deepEqual(
      Object.keys(headers('192.0.2.7', host)),
      ['x-forwarded-for', 'x-forwarded-proto', 'forwarded'],
      host,
    )
  }
})
