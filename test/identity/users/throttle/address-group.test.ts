import assert from 'node:assert/strict'
import { isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressGroup } from '../../../../src/identity/users/throttle/address-group.ts'

test('an IPv4 address stands for itself, an IPv6 address for its /64, however it is written', () => {
  for (const [address, group] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['unknown', 'unknown'],
    ['', ''],
  ] as const) {
    assert.equal(addressGroup(address), group, address)
  }
})

test('every IPv6 address of a /64 is in its group, and no other is', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      assert.ok(isIPv6(one))
      const [a, b] = [addressGroup(one), addressGroup(other)]
      assert.equal(a === b, prefix(one) === prefix(other))
    }),
  )
})

/** By the URL parser, which writes IPv6 addresses in one form. */
function prefix(address: string): string {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  const mapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff'
  return (mapped ? groups : groups.slice(0, 4)).join(':')
}
