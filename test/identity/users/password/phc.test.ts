import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPasswordHasher } from '../../../../src/identity/users/password/password-hasher.ts'
import { parsePhc, writePhc } from '../../../../src/identity/users/password/phc.ts'

// By the reference implementation: printf 'correct horse' | argon2 countersign-salt -id -k … -t … -p … -l … -e
const foreign = [
  '$argon2id$v=19$m=64,t=1,p=1$Y291bnRlcnNpZ24tc2FsdA$hpgM0ORZ57H1L9axtd9Jhw',
  '$argon2id$v=19$m=1024,t=3,p=4$Y291bnRlcnNpZ24tc2FsdA$vF0vYhXJ+cZ/0wPfpqNWG4NaXYPdpTL0eIrB/2PCZFY',
  '$argon2id$v=19$m=19456,t=2,p=1$Y291bnRlcnNpZ24tc2FsdA$oMLmOtv3AxG58ja9jmLThnAm3LWnAk00+08OObutRgE',
]

test('hashes of the reference implementation are read, verified and written back the same', async () => {
  const hasher = createPasswordHasher()
  for (const [i, phc] of foreign.entries()) {
    assert.equal(writePhc(parsePhc(phc)!), phc)
    assert.equal(await hasher.verify('correct horse', phc), 'right')
    assert.equal(await hasher.verify('Correct horse', phc), 'wrong')
    assert.equal(hasher.isOutdated(phc), i < 2)
  }
})

test('our own hashes have the cost that docs/passwords.md names, a salt of their own, and are not outdated', async () => {
  const hasher = createPasswordHasher()
  const [one, other] = [await hasher.hash('correct horse'), await hasher.hash('correct horse')]
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.notEqual(one.split('$')[4], other.split('$')[4])
  assert.equal(hasher.isOutdated(one), false)
  assert.equal(await hasher.verify('correct horse', one), 'right')
})

test('whatever is not exactly such a hash is none: variants, versions, padding, costs that are an attack', () => {
  const [, , good = ''] = foreign
  const parts = good.split('$')
  const unfit = [
    '',
    'correct horse',
    good.replace('argon2id', 'argon2i'),
    good.replace('argon2id', 'argon2d'),
    good.replace('v=19', 'v=16'),
    good.replace('$v=19', ''),
    good.replace('m=19456,t=2', 't=2,m=19456'),
    good.replace('p=1', 'p=1,keyid=AAAA'),
    good.replace('m=19456', 'm=0'),
    good.replace('m=19456', 'm=019456'),
    good.replace('m=19456', 'm=7'),
    good.replace('m=19456', 'm=4294967295'),
    good.replace('m=19456', 'm=1e4'),
    good.replace('t=2', 't=0'),
    good.replace('t=2', 't=4294967295'),
    good.replace('p=1', 'p=17'),
    good.replace('p=1', 'p=-1'),
    `${good}=`,
    `${good}\n`,
    ` ${good}`,
    good.slice(0, -2),
    [...parts.slice(0, 4), 'short', parts[5]].join('$'),
    [...parts.slice(0, 4), parts[4], 'c2hvcnQ'].join('$'),
    [...parts.slice(0, 4), parts[4], 'A'.repeat(1000)].join('$'),
    good.replaceAll('+', '-'),
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
  ]
  for (const text of unfit) assert.equal(parsePhc(text), undefined, text)
})

test('no text crashes the reader, and what is read is written back the same', () => {
  const number = fc.oneof(fc.nat(), fc.bigInt().map(String), fc.constantFrom('', '0', '-1', '1e3', 'NaN'))
  const base64 = fc.oneof(
    fc.base64String(),
    fc.uint8Array({ maxLength: 70 }).map(bytes => Buffer.from(bytes).toString('base64').replaceAll('=', '')),
  )
  const almost = fc
    .tuple(number, number, number, base64, base64)
    .map(([m, t, p, salt, hash]) => `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}$${hash}`)
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), almost), text => {
      const hash = parsePhc(text)
      if (hash !== undefined) assert.equal(writePhc(hash), text)
    }),
    { numRuns: 2000 },
  )
})
