import { createCipheriv, pbkdf2Sync } from 'node:crypto'
import {
  DerReader,
  der,
  encoded,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from '../../src/pki/asn1/der.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { encodeUtf } from '../../src/pki/keystore/jks/data-input.ts'
import { digestLength, jceksMagic, jksDigest } from '../../src/pki/keystore/jks/read-jks.ts'
import type { KeyStoreType } from '../../src/pki/keystore/keystore.ts'
import { jceksProtectorOid } from '../../src/pki/keystore/pbe/sun.ts'
import { encodeMac } from '../../src/pki/keystore/pkcs12/mac.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { selfSigned, testAuthority } from '../../test/support/certificates.ts'

export const password = 'changeit'

const root = testAuthority({ name: 'Store Root' })
const alice = root.issue({ subject: 'CN=alice' })
const bob = selfSigned({ subject: 'CN=bob', keyType: 'rsa-2048' })
const carol = selfSigned({ subject: 'CN=carol', keyType: 'ed25519' })

const pkcs8 = (one: typeof alice) => one.privateKey.export({ type: 'pkcs8', format: 'der' })

function mixed(type: KeyStoreType, options: { password?: string } = { password }): Buffer {
  let store = emptyKeyStore(type)
  store = setPrivateKey(store, 'Alice', { key: alice.privateKey, chain: [alice.certificate] })
  if (type === 'JKS') store = setPrivateKey(store, 'bob', { key: bob.privateKey, chain: [bob.certificate] })
  if (type !== 'PEM') store = setTrustedCertificate(store, 'Root-CA', root.certificate)
  return encodeKeyStore(store, options)
}

/** Few iterations, so that many can be tried. */
function sealed(plain: Buffer, iterations: number): Buffer {
  const salt = Buffer.alloc(16, 7)
  const iv = Buffer.alloc(16, 9)
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(password, salt, iterations, 32, 'sha256'), iv)
  const prf = sequence(oid('1.2.840.113549.2.9'), nullValue())
  const derivation = sequence(oid('1.2.840.113549.1.5.12'), sequence(octetString(salt), integer(iterations), prf))
  const scheme = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(iv))
  const algorithm = sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, scheme))
  return sequence(algorithm, octetString(Buffer.concat([cipher.update(plain), cipher.final()])))
}

export const keySeeds: readonly Buffer[] = [
  ...[alice, bob, carol].map(pkcs8),
  sealed(pkcs8(alice), 3),
  sealed(pkcs8(carol), 1),
]

/** The octets as each kind of key that a PEM file may say they are. */
export function decodeKeys(octets: Buffer): Buffer[] {
  const labels = ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY']
  return labels.map(label => Buffer.from(writePem(label, octets)))
}

export const jksSeeds = [mixed('JKS')]

/** The octets with the digest that belongs behind them. */
export function withDigest(store: Buffer): Buffer {
  if (store.length < digestLength) return store
  const body = store.subarray(0, -digestLength)
  return Buffer.concat([body, jksDigest(password, body)])
}

const int = (value: number) => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
const text = (value: string) => Buffer.concat([Buffer.from([0x74]), encodeUtf(value)])
const hex = (value: string) => Buffer.from(value, 'hex')

/** A secret key as the JDK's serialisation writes it. */
const sealedObject = Buffer.concat([
  hex('aced00057372'),
  encodeUtf('com.sun.crypto.provider.SealedObjectForKeyProtector'),
  hex('cd57ca59e730bb530200007872'),
  encodeUtf('javax.crypto.SealedObject'),
  hex('3e363da6c3b75470020004'),
  Buffer.concat([Buffer.from('['), encodeUtf('encodedParams'), text('[B')]),
  Buffer.concat([Buffer.from('['), encodeUtf('encryptedContent'), hex('71007e0002')]),
  Buffer.concat([Buffer.from('L'), encodeUtf('paramsAlg'), text('Ljava/lang/String;')]),
  Buffer.concat([Buffer.from('L'), encodeUtf('sealAlg'), hex('71007e0003')]),
  hex('78707572'),
  encodeUtf('[B'),
  hex('acf317f8060854e00200007870'),
  int(8),
  Buffer.alloc(8),
  hex('7571007e0005'),
  int(8),
  Buffer.alloc(8),
  text('PBEWithMD5AndTripleDES'),
  text('PBEWithMD5AndTripleDES'),
])

function jceks(): Buffer {
  const date = hex('0000018bcfe56800')
  const x509 = Buffer.concat([encodeUtf('X.509'), int(alice.der.length), alice.der])
  const key = sequence(
    sequence(oid(jceksProtectorOid), sequence(octetString(Buffer.alloc(8, 3)), integer(20))),
    octetString(Buffer.alloc(64, 5)),
  )
  const entries = [
    [int(3), encodeUtf('secret'), date, sealedObject],
    [int(1), encodeUtf('key'), date, int(key.length), key, int(1), x509],
    [int(2), encodeUtf('root'), date, x509],
  ]
  const body = Buffer.concat([int(jceksMagic), int(2), int(entries.length), ...entries.flat()])
  return withDigest(Buffer.concat([body, Buffer.alloc(digestLength)]))
}

export const jceksSeeds = [jceks(), withDigest(Buffer.concat([int(jceksMagic), mixed('JKS').subarray(4)]))]

const data = '1.2.840.113549.1.7.1'
const bagOid = (n: number) => oid(`1.2.840.113549.1.12.10.1.${n}`)

function attributes(name: string): Buffer {
  const friendlyName = sequence(
    oid('1.2.840.113549.1.9.20'),
    der(0x31, der(0x1e, Buffer.from(name, 'utf16le').swap16())),
  )
  const localKeyId = sequence(oid('1.2.840.113549.1.9.21'), der(0x31, octetString(Buffer.from([1]))))
  return der(0x31, friendlyName, localKeyId)
}

const certificateBag = (one: typeof alice, name: string) =>
  sequence(
    bagOid(3),
    explicit(0, sequence(oid('1.2.840.113549.1.9.22.1'), explicit(0, octetString(one.der)))),
    attributes(name),
  )

/** Every kind of bag, in the clear and with keys that cost little to open: in front of the parser stands only the MAC. */
const cheap = sequence(
  sequence(
    oid(data),
    explicit(
      0,
      octetString(
        sequence(
          certificateBag(alice, 'alice'),
          sequence(bagOid(1), explicit(0, pkcs8(alice)), attributes('alice')),
          sequence(bagOid(2), explicit(0, sealed(pkcs8(carol), 2)), attributes('carol')),
          certificateBag(carol, 'carol'),
          sequence(bagOid(5), explicit(0, sequence(oid('1.2.3'), explicit(0, octetString(Buffer.alloc(3)))))),
          sequence(bagOid(6), explicit(0, sequence(certificateBag(bob, 'bob')))),
        ),
      ),
    ),
  ),
)

function pfx(safe: Buffer): Buffer {
  return sequence(integer(3), sequence(oid(data), explicit(0, octetString(safe))), encodeMac(safe, password, 1))
}

export const pkcs12Seeds = [pfx(cheap), mixed('PKCS12')]

/** The same contents with the MAC that belongs to them; unchanged where there are no contents to be found. */
export function withMac(store: Buffer): Buffer {
  try {
    const whole = new DerReader(store).enter()
    const version = encoded(whole.element())
    const info = whole.element()
    const inner = new DerReader(store, info.contentStart, info.end)
    inner.element()
    const octets = inner.enter(0xa0).element()
    const safe = Buffer.from(octets.bytes.subarray(octets.contentStart, octets.end))
    return sequence(version, encoded(info), encodeMac(safe, password, 1))
  } catch {
    return store
  }
}

export const pemSeeds = [
  mixed('PEM'),
  mixed('PEM', {}),
  Buffer.from(`${alice.chainPem}${root.pem}`),
  bob.privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: password }),
  alice.privateKey.export({ type: 'sec1', format: 'pem' }),
].map(one => Buffer.from(one))
