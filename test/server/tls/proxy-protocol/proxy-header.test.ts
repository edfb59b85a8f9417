import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { crc32c } from '../../../../src/server/tls/proxy-protocol/crc32c.ts'
import { createNetworks, isNetwork } from '../../../../src/server/tls/proxy-protocol/networks.ts'
import { type ProxySource, readProxyHeader } from '../../../../src/server/tls/proxy-protocol/proxy-header.ts'
import { longestHeader } from '../../../../src/server/tls/proxy-protocol/version-2.ts'
import { proxyBlock, proxyField, proxyLine, proxySignature } from '../../../support/proxy-header.ts'

/** What a balancer of AWS sent: a checksum, the endpoint that the client came through, and padding. */
const aws = Buffer.from(
  '0d0a0d0a000d0a515549540a21110054ac1f0771ac1f0a1fc8f20050030004e8d6892dea001701767063652d30386432626631356661633530303163390400240000000000000000000000000000000000000000000000000000000000000000000000000000',
  'hex',
).subarray(0, 100)
const line = (text: string) => Buffer.from(text, 'latin1')
const ipv6 = (source: string) =>
  Buffer.concat([Buffer.from(source, 'hex'), Buffer.alloc(16), Buffer.from([0xc8, 0xf2, 1, 0xbb])])
const checked = (change = 0) => {
  const whole = proxyBlock({ fields: proxyField(3, Buffer.alloc(4)) })
  whole.writeUInt32BE((crc32c(whole) ^ change) >>> 0, whole.length - 4)
  return whole
}

const good: Readonly<Record<string, readonly [Buffer, ProxySource]>> = {
  'version 1, IPv4': [proxyLine('203.0.113.9'), { address: '203.0.113.9', port: 51_442 }],
  'version 1, IPv6': [proxyLine('2001:DB8:0:0:0:0:0:9'), { address: '2001:db8::9', port: 51_442 }],
  'version 1, the longest': [
    line(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    { address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65_535 },
  ],
  'version 1, unknown': [line('PROXY UNKNOWN\r\n'), 'unknown'],
  'version 1, unknown, with what nobody reads': [
    line(`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    'unknown',
  ],
  'version 2, IPv4': [proxyBlock(), { address: '203.0.113.9', port: 51_442 }],
  'version 2, IPv6': [
    proxyBlock({ family: 0x21, addresses: ipv6('20010db8000000000000000000000009') }),
    { address: '2001:db8::9', port: 51_442 },
  ],
  'version 2, a UNIX socket': [proxyBlock({ family: 0x31, addresses: Buffer.alloc(216, 'x') }), 'unknown'],
  'version 2, unknown': [proxyBlock({ family: 0x00, addresses: Buffer.alloc(0) }), 'unknown'],
  'version 2, LOCAL': [proxyBlock({ command: 0x20, family: 0x00, addresses: Buffer.alloc(0) }), 'balancer'],
  'version 2, LOCAL, with what nobody reads': [
    proxyBlock({ command: 0x20, family: 0xff, addresses: Buffer.alloc(30, 0xff) }),
    'balancer',
  ],
  'version 2, fields that are skipped': [
    proxyBlock({ fields: Buffer.concat([proxyField(0x20, Buffer.alloc(90)), proxyField(4, Buffer.alloc(0))]) }),
    { address: '203.0.113.9', port: 51_442 },
  ],
  'version 2, a checksum': [checked(), { address: '203.0.113.9', port: 51_442 }],
  'version 2, the longest': [
    proxyBlock({ fields: proxyField(4, Buffer.alloc(longestHeader - 16 - 12 - 3)) }),
    { address: '203.0.113.9', port: 51_442 },
  ],
  'version 2, of AWS': [aws, { address: '172.31.7.113', port: 51_442 }],
}

const bad: Readonly<Record<string, Buffer>> = {
  'a TLS hello': Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]),
  'a request': line('GET / HTTP/1.1\r\n\r\n'),
  'version 1 in lower case': line('proxy TCP4 203.0.113.9 192.0.2.1 1 2\r\n'),
  'version 1 with a tab': line('PROXY\tTCP4 203.0.113.9 192.0.2.1 1 2\r\n'),
  'version 1 with two blanks': line('PROXY  TCP4 203.0.113.9 192.0.2.1 1 2\r\n'),
  'version 1 without the carriage return': line('PROXY TCP4 203.0.113.9 192.0.2.1 1 2\n'),
  'version 1 of another family': line('PROXY UDP4 203.0.113.9 192.0.2.1 1 2\r\n'),
  'version 1, UNKNOWNS': line('PROXY UNKNOWNS\r\n'),
  'version 1 with the families mixed': line('PROXY TCP4 2001:db8::9 192.0.2.1 1 2\r\n'),
  'version 1 with a zero in front': line('PROXY TCP4 203.0.113.09 192.0.2.1 1 2\r\n'),
  'version 1 with an address that is a number': line('PROXY TCP4 3405803785 192.0.2.1 1 2\r\n'),
  'version 1 with a zone': line('PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n'),
  'version 1 with a name': line('PROXY TCP4 localhost 192.0.2.1 1 2\r\n'),
  'version 1 with a port too high': line('PROXY TCP4 203.0.113.9 192.0.2.1 65536 2\r\n'),
  'version 1 with a port that has a zero in front': line('PROXY TCP4 203.0.113.9 192.0.2.1 01 2\r\n'),
  'version 1 with a negative port': line('PROXY TCP4 203.0.113.9 192.0.2.1 1 -2\r\n'),
  'version 1 without a port': line('PROXY TCP4 203.0.113.9 192.0.2.1 1\r\n'),
  'version 1 with something behind': line('PROXY TCP4 203.0.113.9 192.0.2.1 1 2 \r\n'),
  'version 1 with another line in it': line('PROXY TCP4 203.0.113.9\n192.0.2.1 1 2\r\n'),
  'version 1 that is too long': line(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`),
  'version 1 without an end': line(`PROXY TCP4 ${'1'.repeat(100)}`),
  'version 3': proxyBlock({ command: 0x31 }),
  'version 2 with another command': proxyBlock({ command: 0x22 }),
  'version 2 over UDP': proxyBlock({ family: 0x12 }),
  'version 2 of another family': proxyBlock({ family: 0x41 }),
  'version 2 of no family, over TCP': proxyBlock({ family: 0x01 }),
  'version 2 too short for its addresses': proxyBlock({ addresses: Buffer.alloc(11) }),
  'version 2, IPv6, with the addresses of IPv4': proxyBlock({ family: 0x21 }),
  'version 2 that is too long': proxyBlock({ length: longestHeader - 16 + 1 }),
  'version 2 that ends in the head of a field': proxyBlock({ fields: Buffer.from([4, 0]) }),
  'version 2 that ends within a field': proxyBlock({ fields: Buffer.from([4, 0, 5, 1, 2, 3, 4]) }),
  'version 2 with a wrong checksum': checked(1),
  'version 2 with a checksum of another length': proxyBlock({ fields: proxyField(3, Buffer.alloc(2)) }),
  'version 2 with two checksums': proxyBlock({
    fields: Buffer.concat([proxyField(3, Buffer.alloc(4)), proxyField(3, Buffer.alloc(4))]),
  }),
}

suite('a header', () => {
  for (const [what, [octets, source]] of Object.entries(good)) {
    test(`${what}: is read to its last octet and no further, however it arrives`, () => {
      const hello = Buffer.from([0x16, 3, 1, 0x0d, 0x0a])
      const complete = { kind: 'complete', length: octets.length, source }
      assert.deepEqual(readProxyHeader(octets), complete)
      assert.deepEqual(readProxyHeader(Buffer.concat([octets, hello])), complete)
      for (let length = 0; length < octets.length; length++)
        assert.deepEqual(readProxyHeader(octets.subarray(0, length)), { kind: 'incomplete' }, String(length))
    })
  }

  for (const [what, octets] of Object.entries(bad)) {
    test(`${what}: is refused, and not waited for`, () => {
      const { kind } = readProxyHeader(octets)
      assert.equal(kind, 'refused')
    })
  }

  test('whatever comes: an answer, within the bound, that more octets do not change', () => {
    const beginnings = [
      Buffer.alloc(0),
      line('PROXY '),
      line('PROXY TCP4 '),
      proxySignature,
      Buffer.concat([proxySignature, Buffer.from([0x21, 0x11])]),
    ]
    const octets = fc
      .tuple(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 300 }))
      .map(([beginning, rest]) => Buffer.concat([beginning, rest]))
    fc.assert(
      fc.property(octets, fc.uint8Array({ maxLength: 50 }), (some, more) => {
        const now = readProxyHeader(some)
        if (now.kind === 'complete') assert.ok(now.length <= some.length)
        if (now.kind !== 'incomplete') assert.deepEqual(readProxyHeader(Buffer.concat([some, more])), now)
      }),
      { numRuns: 2_000 },
    )
    for (const beginning of beginnings) {
      const endless = Buffer.concat([beginning, Buffer.alloc(longestHeader, 0x20)])
      assert.notEqual(readProxyHeader(endless).kind, 'incomplete')
    }
  })

  test('what a balancer writes of an address is what is read', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(65_535), (address, port) => {
        const addresses = Buffer.from([...address.split('.').map(Number), 0, 0, 0, 0, port >> 8, port & 255, 0, 0])
        for (const octets of [proxyLine(address, { port }), proxyBlock({ addresses })]) {
          const header = readProxyHeader(octets)
          assert.ok(header.kind === 'complete')
          assert.deepEqual(header.source, { address, port })
        }
      }),
    )
  })

  test('an address that was changed on the way does not have the checksum', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 27 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const octets = Buffer.from(aws)
        octets[at]! ^= change
        assert.equal(readProxyHeader(octets).kind, 'refused')
      }),
    )
  })
})

test('the checksum is the one of RFC 3720 appendix B.4', () => {
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
})

suite('the networks of the balancers', () => {
  test('hold their addresses, and no other', () => {
    const networks = createNetworks(['192.0.2.7', '10.1.0.0/16', '2001:db8::/32', '::1'])
    for (const address of ['192.0.2.7', '10.1.255.1', '::ffff:10.1.2.3', '2001:db8:1::9', '::1'])
      assert.ok(networks(address), address)
    for (const address of [
      '192.0.2.8',
      '10.2.0.1',
      '::ffff:10.2.0.1',
      '2001:db9::1',
      '::2',
      '',
      'localhost',
      'fe80::1%lo',
    ])
      assert.equal(networks(address), false, address)
  })

  test('are addresses and CIDRs; everybody is none', () => {
    for (const text of ['192.0.2.7', '10.0.0.0/8', '10.1.2.3/32', '::1', 'fd00::/8', '::1/128'])
      assert.ok(isNetwork(text), text)
    for (const text of [
      '0.0.0.0/0',
      '::/0',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/',
      '10.0.0/8',
      'localhost',
      'lo',
      '',
      '10.0.0.0/08',
      'fe80::1%lo',
    ])
      assert.equal(isNetwork(text), false, text)
  })
})
