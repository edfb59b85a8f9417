// Both ways with OpenSSL, whose command makes nearly every kind of PKCS#12 file that was ever in use.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { alice, authority, bob, keyEntry, mixedStore, outline, pkcs8 } from './stores.ts'

const folder = scratchFolder()
const password = 'changeit'

before(() => {
  writeFileSync(join(folder, 'alice.key'), alice.keyPem)
  writeFileSync(join(folder, 'alice.crt'), alice.pem)
  writeFileSync(join(folder, 'chain.crt'), authority.middle.pem + authority.root.pem)
  writeFileSync(join(folder, 'trusted.crt'), authority.root.pem + bob.pem)
})

async function openssl(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run('openssl', args, { cwd: folder })
  assert.equal(code, 0, stderr)
  return stdout
}

async function exported(args: readonly string[], passout = password): Promise<Buffer> {
  const source = args.includes('-nokeys') ? ['-in', 'trusted.crt'] : ['-inkey', 'alice.key', '-in', 'alice.crt']
  await openssl(['pkcs12', '-export', ...source, '-passout', `pass:${passout}`, '-out', 'made.p12', ...args])
  return readFileSync(join(folder, 'made.p12'))
}

const withChain = ['-name', 'Alice', '-certfile', 'chain.crt']
const kinds: Record<string, string[]> = {
  'as it is by default': [],
  'as it was by default (RC2-40 and 3DES)': ['-legacy'],
  'with RC2-128': ['-legacy', '-certpbe', 'PBE-SHA1-RC2-128', '-keypbe', 'PBE-SHA1-RC2-128'],
  'with RC4': ['-legacy', '-certpbe', 'PBE-SHA1-RC4-40', '-keypbe', 'PBE-SHA1-RC4-128'],
  'with 3DES of two keys': ['-legacy', '-certpbe', 'PBE-SHA1-2DES', '-keypbe', 'PBE-SHA1-2DES'],
  'with PKCS#5 version 1.5': ['-legacy', '-certpbe', 'PBE-MD5-DES', '-keypbe', 'PBE-SHA1-RC2-64'],
  'with AES-128 and AES-192': ['-certpbe', 'AES-128-CBC', '-keypbe', 'AES-192-CBC'],
  'with 3DES under PBES2': ['-certpbe', 'DES-EDE3-CBC', '-keypbe', 'DES-EDE3-CBC'],
  'with RC2 and DES under PBES2': ['-legacy', '-certpbe', 'RC2-40-CBC', '-keypbe', 'DES-CBC'],
  'with RC2-128 under PBES2': ['-legacy', '-certpbe', 'RC2-CBC', '-keypbe', 'RC2-64-CBC'],
  'with a MAC of SHA-1 and one iteration': ['-macalg', 'sha1', '-nomaciter'],
  'with a MAC of SHA-224': ['-macalg', 'sha224'],
  'with a MAC of SHA-384': ['-macalg', 'sha384'],
  'with a MAC of SHA-512 and many iterations': ['-macalg', 'sha512', '-iter', '50000'],
  'with a MAC of MD5': ['-macalg', 'md5'],
  'without a MAC': ['-nomac'],
  'without encryption': ['-keypbe', 'NONE', '-certpbe', 'NONE'],
  'with only the key encrypted': ['-certpbe', 'NONE'],
}
for (const [name, args] of Object.entries(kinds)) {
  test(`opens a file ${name}`, async () => {
    const bytes = await exported([...withChain, ...args])
    const store = openKeyStore(bytes, { password })
    assert.equal(store.integrity, args.includes('-nomac') ? 'none' : 'verified')
    const chain = [alice, authority.middle, authority.root].map(one => one.thumbprint)
    assert.deepEqual(outline(store), [{ alias: 'alice', kind: 'private-key', certificates: chain }])
    assert.equal(store.entries[0]?.label, 'Alice')
    assert.deepEqual(keyEntry(store, 'alice').pkcs8(), pkcs8(alice))
    assert.throws(
      () => openKeyStore(bytes, { password: 'wrong' }),
      error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
    )
    // written again, it is in today's form, and OpenSSL opens it without its legacy provider
    writeFileSync(join(folder, 'again.p12'), encodeKeyStore(store, { password }))
    const info = await run(
      'openssl',
      ['pkcs12', '-in', 'again.p12', '-passin', `pass:${password}`, '-nodes', '-info'],
      {
        cwd: folder,
      },
    )
    assert.equal(info.code, 0, info.stderr)
    assert.match(info.stderr, /MAC: sha256, Iteration 10000/)
    assert.match(info.stderr, /PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256/)
    assert.match(info.stdout, /friendlyName: Alice/)
    assert.equal(info.stdout.match(/BEGIN CERTIFICATE/g)?.length, 3)
  })
}

test('neither a MAC nor encrypted certificates: the password has to open the key', async () => {
  const bytes = await exported([...withChain, '-nomac', '-certpbe', 'NONE'])
  assert.equal(openKeyStore(bytes, { password }).integrity, 'none')
  assert.throws(
    () => openKeyStore(bytes, { password: 'wrong' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
  )
  assert.throws(
    () => keyEntry(openKeyStore(bytes), 'alice').pkcs8(),
    error => isCoded(error, 'ERR_KEYSTORE_PASSWORD_REQUIRED'),
  )
})

test('certificates without any key are a trust store', async () => {
  const bytes = await exported(['-nokeys', '-caname', 'anchor'])
  assert.deepEqual(
    openKeyStore(bytes, { password }).entries.map(entry => [entry.alias, entry.kind]),
    [
      ['anchor', 'trusted-certificate'],
      ['1', 'trusted-certificate'],
    ],
  )
  assert.throws(
    () => openKeyStore(bytes),
    error => isCoded(error, 'ERR_KEYSTORE_PASSWORD_REQUIRED'),
  )
})

test('a trust store without encryption opens without a password, unverified', async () => {
  const bytes = await exported(['-nokeys', '-certpbe', 'NONE'])
  assert.equal(openKeyStore(bytes).integrity, 'not-checked')
  assert.equal(openKeyStore(bytes).entries.length, 2)
  assert.equal(openKeyStore(bytes, { password }).integrity, 'verified')
})

test('beside a key, a certificate that is not of its chain is kept and not trusted', async () => {
  const bytes = await exported(['-certfile', 'trusted.crt', '-certfile', 'trusted.crt'])
  const store = openKeyStore(bytes, { password })
  assert.deepEqual(
    store.entries.map(entry => entry.kind),
    ['private-key'],
  )
  const others = store.otherCertificates.map(one => one.thumbprint)
  assert.deepEqual(others.toSorted(), [authority.root.thumbprint, bob.thumbprint].toSorted())
  const again = openKeyStore(encodeKeyStore(store, { password }), { password })
  assert.deepEqual(again.otherCertificates.map(one => one.thumbprint).toSorted(), others.toSorted())
})

test('an empty password opens a file that was made with it, and a file that has one needs it', async () => {
  const bytes = await exported(withChain, '')
  for (const options of [{ password: '' }, {}]) {
    const store = openKeyStore(bytes, options)
    assert.equal(store.integrity, 'verified')
    assert.deepEqual(keyEntry(store, 'alice').pkcs8(), pkcs8(alice))
  }
  assert.throws(
    () => openKeyStore(bytes, { password: 'wrong' }),
    error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
  )
})

test('a password of any script, both ways', async () => {
  const strange = 'Mötley Crüe ლ'
  for (const args of [[], ['-legacy']]) {
    const store = openKeyStore(await exported([...withChain, ...args], strange), { password: strange })
    assert.deepEqual(keyEntry(store, 'alice').pkcs8(), pkcs8(alice))
  }
  writeFileSync(join(folder, 'ours.p12'), encodeKeyStore(mixedStore('PKCS12'), { password: strange }))
  const text = await openssl(['pkcs12', '-in', 'ours.p12', '-passin', `pass:${strange}`, '-nodes'])
  assert.match(text, /friendlyName: Alice/)
})

test('what OpenSSL prints of our file is a PEM store with the same entries', async () => {
  writeFileSync(join(folder, 'ours.p12'), encodeKeyStore(mixedStore('PKCS12'), { password }))
  const args = ['pkcs12', '-in', 'ours.p12', '-passin', `pass:${password}`, '-passout', 'pass:secret']
  const store = openKeyStore(Buffer.from(await openssl(args)), { password: 'secret' })
  assert.deepEqual(
    store.entries.map(entry => entry.alias),
    ['Alice', 'bob'],
  )
  assert.deepEqual(keyEntry(store, 'alice').pkcs8(), pkcs8(alice))
  assert.equal(keyEntry(store, 'alice').chain.length, 3)
})
