import assert from 'node:assert/strict'
import { createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import {
  content,
  contextTag,
  DerReader,
  der,
  encoded,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  readWhole,
  sequence,
  tag,
} from '../../../src/pki/asn1/der.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { pkcs12Encodings } from '../../../src/pki/keystore/pbe/password-encodings.ts'
import { pkcs12Kdf } from '../../../src/pki/keystore/pbe/pkcs12-kdf.ts'
import { WorkBudget } from '../../../src/pki/keystore/pbe/work-budget.ts'
import { encodeMac } from '../../../src/pki/keystore/pkcs12/mac.ts'
import { contentType } from '../../../src/pki/keystore/pkcs12/oids.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import {
  alice,
  authority,
  bob,
  certificate,
  created,
  fullChain,
  keyEntry,
  mixedStore,
  outline,
  pkcs8,
} from './stores.ts'

const password = 'changeit'

/** authSafe and macData of a PFX, DER. */
function parts(bytes: Buffer): { authSafe: Uint8Array; macData: Uint8Array } {
  const pfx = new DerReader(bytes).enter()
  pfx.element(tag.integer)
  return { authSafe: encoded(pfx.element(tag.sequence)), macData: encoded(pfx.element(tag.sequence)) }
}

const withoutMac = (bytes: Buffer) => sequence(integer(3), parts(bytes).authSafe as Buffer)

/** The same contents under a MAC of another password. */
function withMac(bytes: Buffer, password: string): Buffer {
  const { authSafe } = parts(bytes)
  const info = readWhole(authSafe)
  info.element(tag.oid)
  const authenticatedSafe = content(info.enter(contextTag(0)).element(tag.octetString))
  return sequence(integer(3), authSafe as Buffer, encodeMac(Buffer.from(authenticatedSafe), password))
}

/** A PFX without a MAC around these contents. */
const pfx = (...safes: Buffer[]) =>
  sequence(integer(3), sequence(oid(contentType.data), explicit(0, octetString(sequence(...safes)))))
const dataSafe = (...bags: Buffer[]) => sequence(oid(contentType.data), explicit(0, octetString(sequence(...bags))))
const bag = (number: number, value: Buffer, ...attributes: Buffer[]) =>
  sequence(
    oid(`1.2.840.113549.1.12.10.1.${number}`),
    explicit(0, value),
    ...(attributes.length > 0 ? [der(tag.set, ...attributes)] : []),
  )
const certBag = (one: { der: Buffer }, ...attributes: Buffer[]) =>
  bag(3, sequence(oid('1.2.840.113549.1.9.22.1'), explicit(0, octetString(one.der))), ...attributes)
const attribute = (type: string, value: Buffer) => sequence(oid(type), der(tag.set, value))
const name = (text: string) =>
  attribute('1.2.840.113549.1.9.20', der(tag.bmpString, Buffer.from(text, 'utf16le').swap16()))
const keyId = (text: string) => attribute('1.2.840.113549.1.9.21', octetString(Buffer.from(text)))
const trustMark = attribute('2.16.840.1.113894.746875.1.1', oid('2.5.29.37.0'))
const keyBag = (issued: typeof alice, ...attributes: Buffer[]) => bag(1, pkcs8(issued), ...attributes)

test('every changed octet of the contents is noticed', () => {
  const bytes = encodeKeyStore(mixedStore('PKCS12'), { password })
  const from = bytes.length - parts(bytes).macData.length
  for (let at = 0; at < from; at += 61) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    assert.throws(() => openKeyStore(changed, { password }), isKeyStoreError)
  }
})

test('every truncation is told from a wrong password', () => {
  const bytes = encodeKeyStore(mixedStore('PKCS12'), { password })
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => openKeyStore(bytes.subarray(0, length), { password }),
      error => isCoded(error, 'ERR_KEYSTORE_TRUNCATED'),
    )
  }
})

test('a MAC under another password than the contents: both are needed', () => {
  const store = mixedStore('PKCS12')
  const bytes = withMac(encodeKeyStore(store, { password: 'privacy' }), 'integrity')
  assert.throws(
    () => openKeyStore(bytes, { password: 'privacy' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
  )
  assert.throws(
    () => openKeyStore(bytes, { password: 'integrity' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD') && /key password/.test(error.remedy ?? ''),
  )
  const opened = openKeyStore(bytes, { password: 'integrity', keyPassword: 'privacy' })
  assert.equal(opened.integrity, 'verified')
  assert.deepEqual(outline(opened), outline(store))
  assert.deepEqual(keyEntry(opened, 'alice').pkcs8(), pkcs8(alice))
})

test('aliases of entries without a name are numbers, as Java gives them', () => {
  const bytes = pfx(dataSafe(keyBag(alice), certBag(authority.root, trustMark), certBag(bob, name('1'), trustMark)))
  assert.deepEqual(
    openKeyStore(bytes).entries.map(entry => [entry.alias, entry.kind]),
    [
      ['2', 'private-key'],
      ['3', 'trusted-certificate'],
      ['1', 'trusted-certificate'],
    ],
  )
})

test('of two marked entries with one name the later stays; unmarked certificates are told apart', () => {
  const marked = pfx(dataSafe(certBag(authority.root, name('CA'), trustMark), certBag(bob, name('ca'), trustMark)))
  assert.deepEqual(outline(openKeyStore(marked)), [
    { alias: 'ca', kind: 'trusted-certificate', certificates: [bob.thumbprint] },
  ])
  const unmarked = pfx(
    dataSafe(certBag(authority.root, name('CA')), certBag(bob, name('ca')), certBag(alice, name('ca'))),
  )
  assert.deepEqual(
    openKeyStore(unmarked).entries.map(entry => entry.alias),
    ['ca', 'ca-2', 'ca-3'],
  )
})

test('a key finds its certificate by identifier, by name among several, or by its public key', () => {
  const byId = pfx(dataSafe(certBag(alice, keyId('a')), certBag(bob, keyId('b')), keyBag(bob, keyId('b'))))
  const byName = pfx(
    dataSafe(
      certBag(alice, name('a'), keyId('x')),
      certBag(bob, name('b'), keyId('x')),
      keyBag(bob, name('b'), keyId('x')),
    ),
  )
  const byKey = pfx(dataSafe(certBag(alice), certBag(bob), keyBag(bob)))
  for (const bytes of [byId, byName, byKey]) {
    const [entry] = openKeyStore(bytes).entries
    assert.deepEqual(entry?.kind === 'private-key' && entry.chain.map(one => one.thumbprint), [bob.thumbprint])
  }
})

test('a certificate with the mark of trust is not taken for that of a key', () => {
  const [first] = openKeyStore(
    pfx(dataSafe(certBag(alice, keyId('a'), name('pinned'), trustMark), keyBag(bob, keyId('a')))),
  ).entries
  assert.equal(first?.alias, 'pinned')
  assert.equal(
    keyEntry(openKeyStore(pfx(dataSafe(keyBag(bob, keyId('a')), certBag(alice, keyId('a'), trustMark)))), '1').chain
      .length,
    0,
  )
})

test('a chain goes to the issuer that signed, when there are two of one name', () => {
  let store = emptyKeyStore('PKCS12')
  store = setPrivateKey(store, 'alice', { key: alice.privateKey, chain: fullChain(alice) }, { created })
  store = setTrustedCertificate(store, 'namesake', certificate(authority.namesake))
  const back = openKeyStore(encodeKeyStore(store, { password }), { password })
  assert.deepEqual(outline(back), outline(store))
})

test('two keys of the same millisecond keep their own certificates', () => {
  let store = emptyKeyStore('PKCS12')
  for (let i = 0; i < 5; i++) {
    const issued = i % 2 === 0 ? alice : bob
    const source = { key: issued.privateKey, chain: [certificate(issued)] }
    store = setPrivateKey(store, `key${i}`, source, { created })
  }
  const back = openKeyStore(encodeKeyStore(store, { password }), { password })
  assert.deepEqual(
    back.entries.map(entry => entry.kind === 'private-key' && entry.chain[0]?.thumbprint),
    store.entries.map(entry => entry.kind === 'private-key' && entry.chain[0]?.thumbprint),
  )
  assert.deepEqual(
    back.entries.map(entry => entry.created! - created),
    [0, 1, 2, 3, 4],
  )
})

test('SafeContents in SafeContents are read, to a depth', () => {
  const nest = (inner: Buffer, depth: number): Buffer =>
    depth === 0 ? inner : nest(bag(6, sequence(inner)), depth - 1)
  assert.equal(openKeyStore(pfx(dataSafe(nest(certBag(bob), 3)))).entries.length, 1)
  assert.throws(
    () => openKeyStore(pfx(dataSafe(nest(certBag(bob), 5)))),
    error => isCoded(error, 'ERR_KEYSTORE_MALFORMED'),
  )
})

test('CRLs, and bags of an unknown kind, are passed over; secret keys are listed and kept', () => {
  const secret = bag(5, sequence(oid('1.2.3'), explicit(0, octetString(Buffer.from('sealed')))), name('Secret'))
  const store = openKeyStore(pfx(dataSafe(bag(4, sequence()), bag(99, sequence()), secret, certBag(bob))))
  assert.deepEqual(
    store.entries.map(entry => [entry.alias, entry.label, entry.kind]),
    [
      ['secret', 'Secret', 'secret-key'],
      ['1', undefined, 'trusted-certificate'],
    ],
  )
  const again = openKeyStore(encodeKeyStore(store, { password }), { password })
  assert.deepEqual(again.entries[0], store.entries[0])
})

test('without a MAC only the password that was given counts', () => {
  const bytes = withoutMac(encodeKeyStore(mixedStore('PKCS12'), { password }))
  assert.equal(openKeyStore(bytes, { password }).integrity, 'none')
  for (const wrong of ['', 'wrong']) {
    assert.throws(
      () => openKeyStore(bytes, { password: wrong }),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
    )
  }
  assert.throws(
    () => openKeyStore(bytes),
    error => isCoded(error, 'ERR_KEYSTORE_PASSWORD_REQUIRED'),
  )
})

const info = (type: string, value: Buffer) => sequence(oid(type), explicit(0, value))
const refused: Record<string, [Buffer, string]> = {
  'a file that is signed with a key': [
    sequence(integer(3), info(contentType.signedData, sequence())),
    'ERR_KEYSTORE_UNSUPPORTED',
  ],
  'contents for a recipient with a key': [pfx(info(contentType.envelopedData, sequence())), 'ERR_KEYSTORE_UNSUPPORTED'],
  'an unknown version': [
    sequence(integer(4), info(contentType.data, octetString(sequence()))),
    'ERR_KEYSTORE_UNSUPPORTED',
  ],
  'contents of no type': [sequence(integer(3), sequence()), 'ERR_KEYSTORE_MALFORMED'],
  'contents that are no list': [
    sequence(integer(3), info(contentType.data, octetString(Buffer.from('x')))),
    'ERR_KEYSTORE_MALFORMED',
  ],
  'a bag without a value': [pfx(dataSafe(sequence(oid('1.2.840.113549.1.12.10.1.3')))), 'ERR_KEYSTORE_MALFORMED'],
  'a key that is none': [pfx(dataSafe(bag(1, sequence(integer(0))))), 'ERR_KEYSTORE_MALFORMED'],
  'a certificate that is none': [pfx(dataSafe(certBag({ der: sequence() }))), 'ERR_KEYSTORE_CERTIFICATE_MALFORMED'],
  'a MAC that is none': [
    sequence(integer(3), info(contentType.data, octetString(sequence())), sequence(integer(1))),
    'ERR_KEYSTORE_MALFORMED',
  ],
  'a MAC with an unknown digest': [
    sequence(
      integer(3),
      info(contentType.data, octetString(sequence())),
      sequence(sequence(sequence(oid('1.2.3')), octetString(Buffer.alloc(20))), octetString(Buffer.alloc(8))),
    ),
    'ERR_KEYSTORE_UNSUPPORTED',
  ],
}
for (const [what, [bytes, code]] of Object.entries(refused)) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => openKeyStore(bytes, { password }),
      error => isCoded(error, code) && error.remedy !== undefined,
    )
  })
}

test('a hostile MAC cannot make work without a bound', () => {
  const algorithm = sequence(oid('1.3.14.3.2.26'))
  const digestInfo = sequence(algorithm, octetString(Buffer.alloc(20)))
  const macData = sequence(digestInfo, octetString(Buffer.alloc(8)), integer(2 ** 31 - 1))
  const bytes = sequence(integer(3), info(contentType.data, octetString(sequence())), macData)
  assert.throws(
    () => openKeyStore(bytes, { password }),
    error => isCoded(error, 'ERR_KEYSTORE_TOO_COSTLY'),
  )
})

const certificates = sequence(dataSafe(certBag(bob)))
const pfxWith = (digestInfo: Buffer) =>
  sequence(
    integer(3),
    info(contentType.data, octetString(certificates)),
    sequence(digestInfo, octetString(Buffer.alloc(8, 5)), integer(1)),
  )

test('PBMAC1 is verified (RFC 9579), with the password in UTF-8 or, as Bouncy Castle has it, in ISO 8859-1', () => {
  const salt = Buffer.alloc(8, 9)
  const kdf = sequence(
    oid('1.2.840.113549.1.5.12'),
    sequence(octetString(salt), integer(2048), integer(32), sequence(oid('1.2.840.113549.2.9'), nullValue())),
  )
  const hmac = sequence(oid('1.2.840.113549.2.11'), nullValue())
  for (const encoding of ['utf8', 'latin1'] as const) {
    const key = pbkdf2Sync(Buffer.from('Mötley', encoding), salt, 2048, 32, 'sha256')
    const mac = createHmac('sha512', key).update(certificates).digest()
    const bytes = pfxWith(sequence(sequence(oid('1.2.840.113549.1.5.14'), sequence(kdf, hmac)), octetString(mac)))
    assert.equal(openKeyStore(bytes, { password: 'Mötley' }).integrity, 'verified')
    assert.equal(openKeyStore(bytes).integrity, 'not-checked')
    assert.throws(
      () => openKeyStore(bytes, { password: 'Motley' }),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
    )
  }
})

test('an empty password is two zero octets to some, and nothing to others', () => {
  for (const encoded of pkcs12Encodings('')) {
    const input = { digest: 'sha512', password: encoded, salt: Buffer.alloc(8, 5), iterations: 1 }
    const key = pkcs12Kdf(input, 'mac', 64, new WorkBudget('the test'))
    const mac = createHmac('sha512', key).update(certificates).digest()
    const bytes = pfxWith(sequence(sequence(oid('2.16.840.1.101.3.4.2.3'), nullValue()), octetString(mac)))
    assert.equal(openKeyStore(bytes, { password: '' }).integrity, 'verified')
    assert.equal(openKeyStore(bytes).integrity, 'verified')
    assert.throws(
      () => openKeyStore(bytes, { password: 'x' }),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
    )
  }
})

test('a MAC that is cut to a few octets fits no password', () => {
  for (const length of [0, 1, 19]) {
    const bytes = pfxWith(sequence(sequence(oid('1.3.14.3.2.26'), nullValue()), octetString(Buffer.alloc(length))))
    assert.throws(
      () => openKeyStore(bytes, { password }),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
    )
  }
})

test('a PBMAC1 key of no length would fit any password: refused', () => {
  const pbmac1 = (length: Buffer[]) => {
    const kdf = sequence(oid('1.2.840.113549.1.5.12'), sequence(octetString(Buffer.alloc(8)), integer(1), ...length))
    const algorithm = sequence(oid('1.2.840.113549.1.5.14'), sequence(kdf, sequence(oid('1.2.840.113549.2.9'))))
    const digestInfo = sequence(algorithm, octetString(Buffer.alloc(32)))
    const macData = sequence(digestInfo, octetString(Buffer.alloc(8)), integer(1))
    return sequence(integer(3), info(contentType.data, octetString(sequence())), macData)
  }
  for (const length of [[], [integer(1)], [integer(100_000)]]) {
    assert.throws(
      () => openKeyStore(pbmac1(length), { password }),
      error => isCoded(error, 'ERR_KEYSTORE_MALFORMED'),
    )
  }
  assert.throws(
    () => openKeyStore(pbmac1([integer(32)]), { password }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
  )
})

function isKeyStoreError(error: unknown): boolean {
  return isCoded(error) && error.code.startsWith('ERR_KEYSTORE_')
}
