// Whatever the octets: an answer or a CodedError, soon, and nothing read past the end.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { der, explicit, integer, octetString, oid, sequence } from '../../../src/pki/asn1/der.ts'
import { encodeUtf } from '../../../src/pki/keystore/jks/data-input.ts'
import { jksDigest } from '../../../src/pki/keystore/jks/read-jks.ts'
import type { KeyStore } from '../../../src/pki/keystore/keystore.ts'
import { type OpenOptions, openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeMac } from '../../../src/pki/keystore/pkcs12/mac.ts'
import { contentType } from '../../../src/pki/keystore/pkcs12/oids.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { toBer } from './ber.ts'
import { bob, mixedStore } from './stores.ts'

const password = 'changeit'
const seeds = {
  JKS: encodeKeyStore(mixedStore('JKS'), { password }),
  PKCS12: encodeKeyStore(mixedStore('PKCS12'), { password }),
  'PKCS12 in BER': toBer(encodeKeyStore(mixedStore('PKCS12'), { password })),
  PEM: encodeKeyStore(mixedStore('PEM'), { password }),
  'PEM in the clear': encodeKeyStore(mixedStore('PEM'), {}),
}

/** What a program does with a store: opens it, reads everything in it, writes it again. */
function use(bytes: Uint8Array, options: OpenOptions): void {
  const view = guarded(bytes)
  let store: KeyStore
  try {
    store = openKeyStore(view, options)
  } catch (error) {
    assertCoded(error)
    return
  }
  for (const entry of store.entries) {
    if (entry.kind !== 'private-key') continue
    try {
      entry.privateKey()
    } catch (error) {
      assertCoded(error)
    }
  }
  try {
    encodeKeyStore(store, { password, ...(store.type === 'JCEKS' ? { type: 'PKCS12' as const } : {}) })
  } catch (error) {
    assertCoded(error)
  }
}

function assertCoded(error: unknown): void {
  if (isCoded(error) && error.code.startsWith('ERR_KEYSTORE_') && error.remedy !== undefined) return
  throw error
}

/** The octets in the middle of a larger buffer: who reads past either end finds what does not belong. */
function guarded(bytes: Uint8Array): Uint8Array {
  const around = Buffer.alloc(bytes.length + 64, 0x30)
  around.set(bytes, 32)
  return around.subarray(32, 32 + bytes.length)
}

const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'insert', 'remove', 'cut'), fc.nat(255)), {
  minLength: 1,
  maxLength: 4,
})

function mutate(bytes: Buffer, changes: readonly (readonly [number, string, number])[]): Buffer {
  let octets = [...bytes]
  for (const [place, how, value] of changes) {
    const at = place % (octets.length + 1)
    if (how === 'set') octets[at] = value
    else if (how === 'insert') octets.splice(at, 0, ...new Array<number>(value % 9).fill(value))
    else if (how === 'remove') octets.splice(at, value)
    else if (value < 25) octets = octets.slice(0, at)
  }
  return Buffer.from(octets)
}

for (const [name, seed] of Object.entries(seeds)) {
  describe(name, () => {
    test('changed at random', () => {
      const property = fc.property(edits, fc.boolean(), (changes, known) => {
        use(mutate(seed, changes), known ? { password } : {})
      })
      fc.assert(property, { numRuns: name.startsWith('PKCS12') ? 60 : 250 })
    })
  })
}

test('JKS that is damaged and has the right digest', () => {
  const body = seeds.JKS.subarray(0, -20)
  const property = fc.property(edits, changes => {
    const changed = mutate(body, changes)
    use(Buffer.concat([changed, jksDigest(password, changed)]), { password })
  })
  fc.assert(property, { numRuns: 250 })
})

// Behind the MAC and the encryption stands a parser, too.
const safe = sequence(
  sequence(
    oid(contentType.data),
    explicit(
      0,
      octetString(
        sequence(
          sequence(
            oid('1.2.840.113549.1.12.10.1.3'),
            explicit(0, sequence(oid('1.2.840.113549.1.9.22.1'), explicit(0, octetString(bob.der)))),
            der(0x31, sequence(oid('1.2.840.113549.1.9.20'), der(0x31, der(0x1e, Buffer.from('\0b\0o\0b'))))),
          ),
          sequence(
            oid('1.2.840.113549.1.12.10.1.5'),
            explicit(0, sequence(oid('1.2.3'), explicit(0, octetString(Buffer.alloc(3))))),
          ),
        ),
      ),
    ),
  ),
)

test('PKCS#12 that is damaged and has the right MAC', () => {
  const property = fc.property(edits, changes => {
    const contents = mutate(safe, changes)
    const info = sequence(oid(contentType.data), explicit(0, octetString(contents)))
    use(sequence(integer(3), info, encodeMac(contents, password, 1)), { password })
  })
  fc.assert(property, { numRuns: 150 })
})

test('random octets, also behind the mark of each format', () => {
  const marks = [
    '',
    'feedfeed00000002',
    'feedfeed00000001',
    'cececece00000002',
    '3080020103',
    '30820400020103',
    '0000000100000014',
  ]
  const property = fc.property(
    fc.constantFrom(...marks),
    fc.uint8Array({ maxLength: 300 }),
    fc.boolean(),
    (mark, octets, known) => use(Buffer.concat([Buffer.from(mark, 'hex'), octets]), known ? { password } : {}),
  )
  fc.assert(property, { numRuns: 1000 })
})

test('random text between the boundaries of PEM', () => {
  const labels = ['CERTIFICATE', 'PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']
  const block = fc.tuple(fc.constantFrom(...labels), fc.uint8Array({ maxLength: 100 }), fc.string({ maxLength: 20 }))
  const property = fc.property(fc.array(block, { maxLength: 4 }), blocks => {
    const text = blocks.map(([label, octets, line]) => {
      return `${line}\n-----BEGIN ${label}-----\n${Buffer.from(octets).toString('base64')}\n-----END ${label}-----\n`
    })
    use(Buffer.from(text.join('')), { password })
  })
  fc.assert(property, { numRuns: 300 })
})

// Small files that ask for much. The guard is generous: without bounds these run for minutes, or not at all.
const int = (value: number) => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
const repeated = (piece: Buffer, count: number) => Buffer.concat(new Array<Buffer>(count).fill(piece))
const namedBag = sequence(
  oid('1.2.840.113549.1.12.10.1.3'),
  explicit(0, sequence(oid('1.2.840.113549.1.9.22.1'), explicit(0, octetString(bob.der)))),
  der(0x31, sequence(oid('1.2.840.113549.1.9.20'), der(0x31, der(0x1e, Buffer.from('\0b'))))),
)
const inPfx = (safeContents: Buffer) =>
  sequence(
    integer(3),
    sequence(
      oid(contentType.data),
      explicit(0, octetString(sequence(sequence(oid(contentType.data), explicit(0, octetString(safeContents)))))),
    ),
  )
const expensiveKey = sequence(
  oid('1.2.840.113549.1.12.10.1.2'),
  explicit(
    0,
    sequence(
      sequence(oid('1.2.840.113549.1.12.1.3'), sequence(octetString(Buffer.alloc(8)), integer(500_000))),
      octetString(Buffer.alloc(16)),
    ),
  ),
)
const large: Record<string, () => Buffer> = {
  'JKS that claims two thousand million entries': () =>
    Buffer.concat([Buffer.from('feedfeed00000002', 'hex'), int(0x7fffffff), Buffer.alloc(100)]),
  'JKS with five thousand entries of one alias': () => {
    const der = bob.der
    const entry = Buffer.concat([int(2), encodeUtf('x'), Buffer.alloc(8), encodeUtf('X.509'), int(der.length), der])
    const body = Buffer.concat([Buffer.from('feedfeed00000002', 'hex'), int(5_000), repeated(entry, 5_000)])
    return Buffer.concat([body, jksDigest(password, body)])
  },
  'PKCS#12 with five thousand certificates of one name': () => inPfx(sequence(repeated(namedBag, 5_000))),
  'PKCS#12 with half a million empty bags': () => inPfx(sequence(repeated(sequence(), 500_000))),
  'PKCS#12 with a thousand keys that are dear to open': () => inPfx(sequence(repeated(expensiveKey, 1000), namedBag)),
  'PKCS#12 in a hundred thousand pieces': () => toBer(inPfx(sequence(repeated(namedBag, 400))), 2),
  'PEM with five thousand certificates of one name': () => Buffer.from(`friendlyName: x\n${bob.pem}`.repeat(5_000)),
  'PEM that is all dashes': () => Buffer.from('-----BEGIN X-----\n'.repeat(500_000)),
  'PEM with one long line': () => Buffer.from(`-----BEGIN ${'-'.repeat(5_000_000)}`),
}
for (const [name, make] of Object.entries(large)) {
  test(name, { timeout: 60_000 }, () => use(make(), { password }))
}

test('what is opened does not hold on to the file', () => {
  const bytes = Buffer.from(seeds.JKS)
  const store = openKeyStore(bytes, { password })
  const before = encodeKeyStore(store, { password })
  bytes.fill(0)
  assert.deepEqual(encodeKeyStore(store, { password }), before)
})
