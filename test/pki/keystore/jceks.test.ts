import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { encodeUtf } from '../../../src/pki/keystore/jks/data-input.ts'
import { jksDigest } from '../../../src/pki/keystore/jks/read-jks.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'

// The octets that the JDK's serialisation makes of a sealed key, put together by hand. Real files are read in interop tests.

const password = 'changeit'
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const int = (value: number) => hex(value.toString(16).padStart(8, '0'))
const keyProtector = 'com.sun.crypto.provider.SealedObjectForKeyProtector'
const string = (text: string) => Buffer.concat([hex('74'), encodeUtf(text)])
const reference = (handle: number) => Buffer.concat([hex('71'), int(0x7e0000 + handle)])

interface Shape {
  className?: string
  fieldType?: string
  arrayClass?: string
  arrayLength?: number
  sealAlgorithm?: Buffer
}

function sealedObject(shape: Shape = {}): Buffer {
  const { className = keyProtector, arrayClass = '[B', arrayLength = 8 } = shape
  const { fieldType = '[', sealAlgorithm = string('PBEWithMD5AndTripleDES') } = shape
  return Buffer.concat([
    hex('aced0005 73 72'),
    encodeUtf(className),
    hex('cd57ca59e730bb53 02 0000 78 72'),
    encodeUtf('javax.crypto.SealedObject'),
    hex('3e363da6c3b75470 02 0004'),
    Buffer.from(fieldType),
    encodeUtf('encodedParams'),
    string('[B'),
    Buffer.from('['),
    encodeUtf('encryptedContent'),
    reference(2),
    Buffer.from('L'),
    encodeUtf('paramsAlg'),
    string('Ljava/lang/String;'),
    Buffer.from('L'),
    encodeUtf('sealAlg'),
    reference(3),
    hex('78 70'),
    hex('75 72'),
    encodeUtf(arrayClass),
    hex('acf317f8060854e0 02 0000 78 70'),
    int(arrayLength),
    Buffer.alloc(8),
    hex('75'),
    reference(5),
    int(8),
    Buffer.alloc(8),
    string('PBEWithMD5AndTripleDES'),
    sealAlgorithm,
  ])
}

function jceks(...sealed: Buffer[]): Buffer {
  const entries = sealed.map((object, i) =>
    Buffer.concat([int(3), encodeUtf(`Secret${i}`), hex('0000018bcfe56800'), object]),
  )
  const body = Buffer.concat([int(0xcececece), int(2), int(entries.length), ...entries])
  return Buffer.concat([body, jksDigest(password, body)])
}

test('secret keys are listed, one behind the other', () => {
  const store = openKeyStore(jceks(sealedObject(), sealedObject({ sealAlgorithm: reference(7) })), { password })
  assert.equal(store.type, 'JCEKS')
  assert.deepEqual(store.entries, [
    { kind: 'secret-key', alias: 'secret0', created: 1_700_000_000_000 },
    { kind: 'secret-key', alias: 'secret1', created: 1_700_000_000_000 },
  ])
})

const refused: Record<string, Buffer> = {
  'another class, which Java would run code of': sealedObject({ className: 'java.util.PriorityQueue' }),
  'a SealedObject that is not for the key protector': sealedObject({ className: 'javax.crypto.SealedObject' }),
  'a field of another type': sealedObject({ fieldType: 'I' }),
  'an array of other things': sealedObject({ arrayClass: '[Ljava.lang.Object;' }),
  'an unknown seal': sealedObject({ sealAlgorithm: string('nonsense') }),
  'a reference to nothing': sealedObject({ sealAlgorithm: reference(99) }),
  'an object in place of a text': sealedObject({ sealAlgorithm: hex('73') }),
  'no serialised object at all': hex('0000000000000000'),
}
for (const [name, object] of Object.entries(refused)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => openKeyStore(jceks(object), { password }),
      error => isCoded(error, 'ERR_KEYSTORE_MALFORMED') && error.remedy !== undefined,
    )
  })
}

test('an array that claims to be longer than the file is cut short', () => {
  assert.throws(
    () => openKeyStore(jceks(sealedObject({ arrayLength: 0x7fffffff })), { password }),
    error => isCoded(error, 'ERR_KEYSTORE_TRUNCATED'),
  )
})

test('every truncation is refused as one', () => {
  const bytes = jceks(sealedObject())
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(
      () => openKeyStore(bytes.subarray(0, length), { password }),
      error => isCoded(error, 'ERR_KEYSTORE_TRUNCATED'),
    )
  }
})

test('JCEKS is not written, and a secret key not converted', () => {
  const store = openKeyStore(jceks(sealedObject()), { password })
  assert.throws(
    () => encodeKeyStore(store, { password }),
    error => isCoded(error, 'ERR_KEYSTORE_READ_ONLY') && /PKCS#12/.test(error.remedy ?? ''),
  )
  for (const type of ['JKS', 'PKCS12', 'PEM'] as const) {
    assert.throws(
      () => encodeKeyStore(store, { type, password }),
      error => isCoded(error, 'ERR_KEYSTORE_NOT_SUPPORTED_BY_TYPE'),
    )
  }
})
