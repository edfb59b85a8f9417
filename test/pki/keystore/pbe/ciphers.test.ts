import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { decryptCbc } from '../../../../src/pki/keystore/pbe/cbc.ts'
import { md5Rounds } from '../../../../src/pki/keystore/pbe/md5-rounds.ts'
import { decryptRc2Cbc } from '../../../../src/pki/keystore/pbe/rc2.ts'
import { rc4 } from '../../../../src/pki/keystore/pbe/rc4.ts'
import { sha1Rounds } from '../../../../src/pki/keystore/pbe/sha1-rounds.ts'
import { sha256Rounds } from '../../../../src/pki/keystore/pbe/sha256-rounds.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

// RFC 2268 section 5
const rc2Vectors: [key: string, bits: number, plain: string, cipher: string][] = [
  ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
  ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
  ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
  ['88', 64, '0000000000000000', '61a8a244adacccf0'],
  ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
  ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
  ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  ['88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e', 129, '0000000000000000', '5b78d3a43dfff1f1'],
]
for (const [key, bits, plain, cipher] of rc2Vectors) {
  test(`RC2 with a key of ${key.length / 2} octets and ${bits} effective bits`, () => {
    assert.deepEqual(decryptRc2Cbc(hex(key), bits, Buffer.alloc(8), hex(cipher)), hex(plain))
  })
}

test('RC2 chains blocks', () => {
  const block = hex('2269552ab0f85ca6')
  const key = hex('88bca90e90875a7f0f79c384627bafb2')
  const iv = hex('0102030405060708')
  assert.deepEqual(decryptRc2Cbc(key, 128, iv, Buffer.concat([block, block])), Buffer.concat([iv, block]))
})

test('RC4 (RFC 6229 section 2)', () => {
  assert.deepEqual(rc4(hex('0102030405'), Buffer.alloc(16)), hex('b2396305f03dc027ccc3524a0a1118a8'))
  const long = rc4(hex('0102030405060708090a0b0c0d0e0f10'), Buffer.alloc(256))
  assert.deepEqual(long.subarray(0, 16), hex('9ac7cc9a609d1ef7b2932899cde41b97'))
  assert.deepEqual(long.subarray(240, 256), hex('065902e4b620f6cc36c8589f66432f2b'))
})

for (const [digest, rounds] of [
  ['sha1', sha1Rounds],
  ['sha256', sha256Rounds],
] as const) {
  test(`${digest} of its own output is what node:crypto gives`, () => {
    for (const count of [0, 1, 2, 1000]) {
      let expected = hash(digest, `start ${count}`, 'buffer')
      const start = expected
      for (let i = 0; i < count; i++) expected = hash(digest, expected, 'buffer')
      assert.deepEqual(rounds(start, count), expected)
    }
  })
}

test('MD5 of its own output and a password is what node:crypto gives', () => {
  for (const rounds of [0, 1, 2, 500]) {
    for (const length of [0, 1, 38, 39, 40, 100]) {
      const suffix = Buffer.alloc(length, 'pässword')
      const start = hash('md5', `start ${rounds} ${length}`, 'buffer')
      let expected = start
      for (let i = 0; i < rounds; i++) expected = hash('md5', Buffer.concat([expected, suffix]), 'buffer')
      assert.deepEqual(md5Rounds(start, suffix, rounds), expected)
    }
  }
})

test('wrong padding, and data that is no whole number of blocks, are no plaintext', () => {
  const cipher = { name: 'aes-128-cbc' } as const
  const key = Buffer.alloc(16)
  for (const length of [0, 1, 15, 17, 32]) {
    assert.equal(decryptCbc(cipher, key, Buffer.alloc(16), Buffer.alloc(length)), undefined)
  }
  assert.equal(decryptCbc(cipher, key, Buffer.alloc(8), Buffer.alloc(16)), undefined)
})
