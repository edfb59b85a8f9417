import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isBasic, readBasicCredentials } from '../../../src/identity/authn/basic-credentials.ts'

const encode = (text: string | Uint8Array, scheme = 'Basic') =>
  `${scheme} ${Buffer.from(text as string).toString('base64')}`

test('the examples of RFC 7617', () => {
  assert.deepEqual(readBasicCredentials('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='), {
    name: 'Aladdin',
    password: 'open sesame',
  })
  assert.deepEqual(readBasicCredentials('Basic dGVzdDoxMjPCow=='), { name: 'test', password: '123£' })
})

test('the scheme in any case, the first colon divides, the password may be empty and anything', () => {
  for (const scheme of ['Basic', 'basic', 'BASIC', 'bAsIc', 'Basic  ']) {
    assert.deepEqual(readBasicCredentials(encode('alice:a:b: ', scheme)), { name: 'alice', password: 'a:b: ' })
  }
  assert.deepEqual(readBasicCredentials(encode('alice:')), { name: 'alice', password: '' })
  assert.deepEqual(readBasicCredentials(encode('José@example:密码')), { name: 'José@example', password: '密码' })
})

test('what is not exactly such a credential is none', () => {
  const base = encode('alice:secret')
  const unfit = [
    'Basic',
    'Basic ',
    'Bearer abc',
    'Basic\tYWxpY2U6c2VjcmV0',
    'BasicYWxpY2U6c2VjcmV0',
    ` ${base}`,
    `${base} `,
    `${base}\n`,
    `${base}, Basic YTpi`,
    `${base}=`,
    base.replace('YWxp', 'YW xp'),
    encode('alice:secrets').replaceAll('=', ''),
    encode('alice:secret!?').replace(/=*$/, '!'),
    'Basic YWxpY2U6c2VjcmV0cw=\u00e9',
    // not canonical: the last character has bits that mean nothing
    'Basic YTpiZR==',
    'Basic YTo_Pz8_',
    encode('alice'),
    encode(':secret'),
    encode('al\0ice:secret'),
    encode('alice:sec\nret'),
    encode('alice:\u0085'),
    encode(Buffer.from('alice:\xa3', 'latin1')),
    encode(Buffer.from([0x61, 0x3a, 0xed, 0xa0, 0x80])),
    encode(Buffer.from([0x61, 0x3a, 0xc0, 0xaf])),
    encode(`a:${'x'.repeat(10_000)}`),
  ]
  for (const header of unfit) assert.equal(readBasicCredentials(header), undefined, JSON.stringify(header.slice(0, 60)))
})

test('a byte order mark is part of the name, not a way to write it twice', () => {
  assert.deepEqual(readBasicCredentials(encode('\ufeffalice:secret')), { name: '\ufeffalice', password: 'secret' })
})

test('no header crashes the reader, and each credential has one header only', () => {
  const almost = fc.tuple(
    fc.constantFrom('Basic ', 'basic ', 'Basic'),
    fc.oneof(fc.base64String(), fc.string({ unit: 'binary' })),
  )
  const headers = fc.oneof(
    fc.string({ unit: 'binary' }),
    almost.map(([scheme, rest]) => scheme + rest),
    fc.uint8Array().map(bytes => encode(bytes)),
  )
  fc.assert(
    fc.property(headers, header => {
      const credentials = readBasicCredentials(header)
      if (credentials === undefined) return
      assert.ok(isBasic(header))
      assert.equal(header.replace(/^basic +/i, 'Basic '), encode(`${credentials.name}:${credentials.password}`))
      assert.ok(credentials.name !== '' && !credentials.name.includes(':'))
    }),
    { numRuns: 3000 },
  )
})
