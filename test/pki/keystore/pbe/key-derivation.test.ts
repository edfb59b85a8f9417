import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../../src/errors.ts'
import { DerReader, integer, nullValue, octetString, oid, sequence } from '../../../../src/pki/asn1/der.ts'
import { decryptPbe } from '../../../../src/pki/keystore/pbe/decrypt-pbe.ts'
import { pkcs5Encodings, pkcs12Encodings } from '../../../../src/pki/keystore/pbe/password-encodings.ts'
import { pkcs12Kdf } from '../../../../src/pki/keystore/pbe/pkcs12-kdf.ts'
import { WorkBudget } from '../../../../src/pki/keystore/pbe/work-budget.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const budget = () => new WorkBudget('the test')

// Known from the test programs of OpenSSL, Bouncy Castle and others: SHA-1
const vectors: ['key' | 'iv' | 'mac', string, string, number, number, string][] = [
  ['key', 'smeg', '0a58cf64530d823f', 1, 24, '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'],
  ['iv', 'smeg', '0a58cf64530d823f', 1, 8, '79993dfe048d3b76'],
  ['key', 'smeg', '642b99ab44fb4b1f', 1, 24, 'f3a95fec48d7711e985cfe67908c5ab79fa3d7c5caa5d966'],
  ['mac', 'smeg', '3d83c0e4546ac140', 1, 20, '8d967d88f6caa9d714800ab3d48051d63f73a312'],
  ['key', 'queeg', '05dec959acff72f7', 1000, 24, 'ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4'],
  ['iv', 'queeg', '05dec959acff72f7', 1000, 8, '11dedad7758d4860'],
  ['mac', 'queeg', '263216fcc2fab31c', 1000, 20, '5ec4c7a80df652294c3925b6489a7ab857c83476'],
]
for (const [purpose, password, salt, iterations, length, expected] of vectors) {
  test(`PKCS#12 derives ${length} octets for ${purpose} from ${password} and ${salt}`, () => {
    const input = { digest: 'sha1', password: pkcs12Encodings(password)[0]!, salt: hex(salt), iterations }
    assert.equal(pkcs12Kdf(input, purpose, length, budget()).toString('hex'), expected)
  })
}

test('the octets of a password', () => {
  assert.deepEqual(pkcs12Encodings('ab'), [hex('006100620000')])
  assert.deepEqual(pkcs12Encodings(''), [hex('0000'), hex('')])
  assert.deepEqual(pkcs12Encodings('ö'), [hex('00f60000'), hex('00c300b60000')])
  assert.deepEqual(pkcs5Encodings('ö'), [hex('c3b6'), hex('f6'), hex('00f60000')])
})

const salt = octetString(Buffer.alloc(8, 1))
const hmacSha256 = sequence(oid('1.2.840.113549.2.9'), nullValue())
const aes = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(Buffer.alloc(16)))
const pbkdf2 = (iterations: number) =>
  sequence(oid('1.2.840.113549.1.5.12'), sequence(salt, integer(iterations), hmacSha256))
const scrypt = (n: number, r: number, p: number) =>
  sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(salt, integer(n), integer(r), integer(p)))
const pbes2 = (kdf: Buffer) => sequence(oid('1.2.840.113549.1.5.13'), sequence(kdf, aes))
const pbes1 = (scheme: string, iterations: number) => sequence(oid(scheme), sequence(salt, integer(iterations)))

const costly = {
  'PBKDF2 with 100 million iterations': pbes2(pbkdf2(100_000_000)),
  'PBKDF2 with 2^31 - 1 iterations': pbes2(pbkdf2(2 ** 31 - 1)),
  'scrypt with much memory': pbes2(scrypt(2 ** 20, 8, 1)),
  'scrypt with a large block': pbes2(scrypt(2, 2 ** 24, 1)),
  'scrypt in many lanes': pbes2(scrypt(2 ** 10, 8, 2 ** 20)),
  'the PKCS#12 derivation with 100 million iterations': pbes1('1.2.840.113549.1.12.1.3', 100_000_000),
  'PBKDF1 with 100 million iterations': pbes1('1.2.840.113549.1.5.10', 100_000_000),
  'PBEWithMD5AndTripleDES with 100 million iterations': pbes1('1.3.6.1.4.1.42.2.19.1', 100_000_000),
}
for (const [name, algorithm] of Object.entries(costly)) {
  test(`${name} is refused before it is computed`, () => {
    const open = () => [...decryptPbe(new DerReader(algorithm).enter(), Buffer.alloc(16), 'secret', budget())]
    assert.throws(open, error => isCoded(error, 'ERR_KEYSTORE_TOO_COSTLY') && /iterations|scrypt/.test(error.message))
  })
}

test('many derivations that are cheap each are refused together', () => {
  const shared = budget()
  const algorithm = pbes2(pbkdf2(100_000))
  const open = () => {
    for (let i = 0; i < 1000; i++) [...decryptPbe(new DerReader(algorithm).enter(), Buffer.alloc(16), 'secret', shared)]
  }
  assert.throws(open, error => isCoded(error, 'ERR_KEYSTORE_TOO_COSTLY'))
})

for (const iterations of [integer(0), integer(-5), integer(2n ** 31n), integer(2n ** 64n)]) {
  test(`an iteration count of ${iterations.toString('hex')} is no count`, () => {
    const algorithm = sequence(oid('1.2.840.113549.1.12.1.3'), sequence(salt, iterations))
    const open = () => [...decryptPbe(new DerReader(algorithm).enter(), Buffer.alloc(8), 'secret', budget())]
    assert.throws(open, error => isCoded(error, 'ERR_DER_MALFORMED') || isCoded(error, 'ERR_KEYSTORE_TOO_COSTLY'))
  })
}

test('an unknown scheme, cipher, derivation or digest is named', () => {
  for (const algorithm of [
    sequence(oid('1.2.3.4')),
    pbes2(sequence(oid('1.2.3.4'), sequence())),
    sequence(oid('1.2.840.113549.1.5.13'), sequence(pbkdf2(1), sequence(oid('1.2.3.4')))),
    pbes2(sequence(oid('1.2.840.113549.1.5.12'), sequence(salt, integer(1), sequence(oid('1.2.3.4'))))),
  ]) {
    const open = () => [...decryptPbe(new DerReader(algorithm).enter(), Buffer.alloc(16), 'secret', budget())]
    assert.throws(open, error => isCoded(error, 'ERR_KEYSTORE_UNSUPPORTED') && error.message.includes('1.2.3.4'))
  }
})
