// Both ways with the JDK's keytool. A JVM takes a second to start: each test does as much as it can with one.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { changeKeyPassword, setPrivateKey, setTrustedCertificate } from '../../../src/pki/keystore/change.ts'
import { writeKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import type { KeyStore, KeyStoreType } from '../../../src/pki/keystore/keystore.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { thumbprint } from '../../../src/pki/x509/thumbprint.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { alice, authority, bob, carol, certificate, created, fullChain, keyEntry, mixedStore, pkcs8 } from './stores.ts'

const folder = scratchFolder()
const password = 'changeit'
const path = (name: string) => join(folder, name)

/** Lists, makes and changes stores with java.security.KeyStore itself, many at a time. */
const program = `
import java.io.*;
import java.math.BigInteger;
import java.nio.file.*;
import java.security.*;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.*;
import javax.crypto.spec.SecretKeySpec;

public class Stores {
  public static void main(String[] args) throws Exception {
    for (int i = 0; i + 2 < args.length; i += 3) {
      if (args[i].equals("make")) make(args[i + 1], args[i + 2]);
      else if (args[i].equals("set")) System.setProperty(args[i + 1], args[i + 2]);
      else list(args[i], args[i + 1], args[i + 2]);
    }
  }

  /** type, file, password[,key password]: a line for each entry */
  static void list(String type, String file, String passwords) throws Exception {
    String[] words = passwords.split(",");
    KeyStore store = KeyStore.getInstance(type);
    try (InputStream in = new FileInputStream(file)) { store.load(in, words[0].toCharArray()); }
    for (String alias : Collections.list(store.aliases())) {
      StringBuilder line = new StringBuilder(file + "\\t" + alias + "\\t");
      if (store.isCertificateEntry(alias)) line.append("certificate\\t" + hash(store.getCertificate(alias).getEncoded()));
      else {
        Key key;
        try { key = store.getKey(alias, words[0].toCharArray()); }
        catch (UnrecoverableKeyException e) { key = store.getKey(alias, words[1].toCharArray()); }
        line.append("key\\t" + hash(key.getEncoded()));
        Certificate[] chain = store.getCertificateChain(alias);
        for (Certificate one : chain == null ? new Certificate[0] : chain) line.append("," + hash(one.getEncoded()));
      }
      System.out.println(line + "\\t" + store.getCreationDate(alias).getTime());
    }
  }

  /** a store of that type with a certificate, a key of its own password, a secret key and one more certificate */
  static void make(String type, String file) throws Exception {
    KeyStore store = KeyStore.getInstance(type);
    store.load(null, null);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    Certificate[] chain;
    try (InputStream in = new FileInputStream("chain.pem")) { chain = factory.generateCertificates(in).toArray(new Certificate[0]); }
    byte[] encoded = Files.readAllBytes(Path.of("alice.der"));
    PrivateKey key = KeyFactory.getInstance("EC").generatePrivate(new java.security.spec.PKCS8EncodedKeySpec(encoded));
    store.setCertificateEntry("First-CA", chain[2]);
    store.setKeyEntry("Alice", key, "changeit".toCharArray(), chain);
    store.setKeyEntry("own", key, "her own".toCharArray(), chain);
    if (!type.equals("JKS")) store.setEntry("Secret", new KeyStore.SecretKeyEntry(new SecretKeySpec(new byte[16], "AES")),
      new KeyStore.PasswordProtection("changeit".toCharArray()));
    store.setCertificateEntry("last-ü", chain[1]);
    try (OutputStream out = new FileOutputStream(file)) { store.store(out, "changeit".toCharArray()); }
  }

  static String hash(byte[] octets) throws Exception {
    return String.format("%064x", new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(octets)));
  }
}`

interface Listed {
  readonly alias: string
  readonly kind: string
  readonly hashes: string[]
  readonly created: number
}

before(async () => {
  writeFileSync(path('Stores.java'), program)
  const { code, stderr } = await run('javac', ['-encoding', 'UTF-8', 'Stores.java'], { cwd: folder })
  assert.equal(code, 0, stderr)
})

async function java(args: readonly string[]): Promise<Map<string, Listed[]>> {
  const options = ['-Dfile.encoding=UTF-8', '-XX:TieredStopAtLevel=1', '-cp', '.', 'Stores']
  const { code, stdout, stderr } = await run('java', [...options, ...args], { cwd: folder })
  assert.equal(code, 0, stderr)
  const files = new Map<string, Listed[]>()
  for (const line of stdout.split('\n').filter(text => text !== '')) {
    const [file = '', alias = '', kind = '', hashes = '', date] = line.split('\t')
    files.set(file, [...(files.get(file) ?? []), { alias, kind, hashes: hashes.split(','), created: Number(date) }])
  }
  return files
}

/** What Java should say of a store. */
function expected(store: KeyStore): Omit<Listed, 'created'>[] {
  return store.entries.map(entry => {
    if (entry.kind === 'trusted-certificate') {
      return { alias: entry.alias, kind: 'certificate', hashes: [entry.certificate.thumbprint] }
    }
    assert.equal(entry.kind, 'private-key')
    const hashes = entry.kind === 'private-key' ? entry.chain.map(one => one.thumbprint) : []
    return { alias: entry.alias, kind: 'key', hashes }
  })
}

const sorted = <T extends { alias: string }>(list: readonly T[]) =>
  list.toSorted((a, b) => (a.alias < b.alias ? -1 : 1))

describe('the JDK reads what we write', () => {
  const stores = new Map<string, KeyStore>()
  let seen: Map<string, Listed[]>

  before(async () => {
    const arguments_: string[] = []
    for (const type of ['JKS', 'PKCS12'] as const) {
      const variants: Record<string, KeyStore> = {
        plain: mixedStore(type),
        mixed: interleaved(type),
        own: changeKeyPassword(mixedStore(type), 'alice', { to: 'her own' }),
        ed25519: setPrivateKey(mixedStore(type), 'carol', { key: carol.privateKey, chain: fullChain(carol) }),
      }
      for (const [name, store] of Object.entries(variants)) {
        const file = `${name}.${type.toLowerCase()}`
        stores.set(file, store)
        await writeKeyStoreFile(path(file), encodeKeyStore(store, { password }))
        arguments_.push(type, file, `${password},her own`)
      }
    }
    seen = await java(arguments_)
  })

  for (const type of ['jks', 'pkcs12'] as const) {
    for (const name of ['plain', 'mixed', 'own', 'ed25519']) {
      const file = `${name}.${type}`
      test(`${name} ${type}: aliases, kinds, keys and chains`, () => {
        const listed = seen.get(file) ?? []
        const chains = listed.map(({ alias, kind, hashes }) => ({
          alias,
          kind,
          hashes: kind === 'key' ? hashes.slice(1) : hashes,
        }))
        const wanted = expected(stores.get(file)!)
        assert.deepEqual(sorted(chains), sorted(wanted))
        // Java keeps the order of PKCS#12 only; JKS lies in a hash table there
        if (type === 'pkcs12') assert.deepEqual(chains, wanted)
      })
    }
    test(`dates of ${type}`, () => {
      const dates = new Map(seen.get(`plain.${type}`)?.map(entry => [entry.alias, entry.created]))
      assert.equal(dates.get('alice'), created)
      assert.equal(dates.get('bob'), created + 1000)
      // Java knows no date of a certificate in PKCS#12
      if (type === 'jks') assert.equal(dates.get('root-ca'), created + 2000)
    })
  }
})

function interleaved(type: KeyStoreType): KeyStore {
  let store = setTrustedCertificate({ ...mixedStore(type), entries: [] }, 'first', certificate(authority.root), {
    created,
  })
  store = setPrivateKey(store, 'second', { key: alice.privateKey, chain: fullChain(alice) }, { created })
  store = setTrustedCertificate(store, 'third', certificate(authority.middle), { created })
  return setPrivateKey(store, 'fourth', { key: bob.privateKey, chain: [certificate(bob)] }, { created })
}

describe('we read what the JDK writes', () => {
  before(async () => {
    writeFileSync(path('alice.der'), pkcs8(alice))
    writeFileSync(path('chain.pem'), alice.chainPem + authority.root.pem)
    const plain = ['make', 'JKS', 'java.jks', 'make', 'JCEKS', 'java.jceks', 'make', 'PKCS12', 'java.p12']
    const other = [
      ['set', 'keystore.pkcs12.macAlgorithm', 'HmacPBESHA512'],
      ['set', 'keystore.pkcs12.certProtectionAlgorithm', 'NONE'],
      ['make', 'PKCS12', 'java-other.p12'],
    ]
    await java([...plain, ...other.flat()])
    // what all JDKs before 8u301 and 16 wrote: RC2-40, 3DES, a MAC with SHA-1
    await java(['set', 'keystore.pkcs12.legacy', '', 'make', 'PKCS12', 'java-legacy.p12'])
  })

  for (const file of ['java.jks', 'java.jceks', 'java.p12', 'java-legacy.p12', 'java-other.p12']) {
    test(file, () => {
      const bytes = readFileSync(path(file))
      const store = openKeyStore(bytes, { password })
      assert.equal(store.integrity, 'verified')
      const wanted = [
        { alias: 'first-ca', kind: 'trusted-certificate' },
        { alias: 'alice', kind: 'private-key' },
        { alias: 'own', kind: 'private-key' },
        ...(file === 'java.jks' ? [] : [{ alias: 'secret', kind: 'secret-key' }]),
        { alias: 'last-ü', kind: 'trusted-certificate' },
      ]
      assert.deepEqual(sorted(store.entries.map(({ alias, kind }) => ({ alias, kind }))), sorted(wanted))
      const entry = keyEntry(store, 'alice')
      // Java writes the EC key without its public half, so only the key itself can be compared
      assert.equal(entry.privateKey().equals(alice.privateKey), true)
      assert.deepEqual(
        entry.chain.map(one => one.thumbprint),
        [alice, authority.middle, authority.root].map(one => one.thumbprint),
      )
      assert.equal(Math.abs(Date.now() - entry.created!) < 600_000, true)
      const own = keyEntry(store, 'own')
      assert.throws(
        () => own.privateKey(),
        error => isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD'),
      )
      assert.equal(own.privateKey('her own').equals(alice.privateKey), true)
      assert.throws(
        () => openKeyStore(bytes, { password: 'wrong' }),
        error => isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD'),
      )
    })
  }

  test('a store goes to us and back to the JDK, with the key that nobody opened', async () => {
    const arguments_: string[] = []
    for (const [type, file] of [
      ['JKS', 'java.jks'],
      ['PKCS12', 'java.p12'],
      ['PKCS12', 'java-legacy.p12'],
    ] as const) {
      const store = openKeyStore(readFileSync(path(file)), { password })
      const changed = setTrustedCertificate(store, 'added', certificate(bob))
      await writeKeyStoreFile(path(`back-${file}`), encodeKeyStore(changed, { password }))
      arguments_.push(type, `back-${file}`, `${password},her own`)
    }
    const seen = await java(arguments_)
    const aliases = ['added', 'alice', 'first-ca', 'last-ü', 'own']
    assert.deepEqual(
      sorted(seen.get('back-java.jks') ?? []).map(entry => entry.alias),
      aliases,
    )
    for (const file of ['back-java.p12', 'back-java-legacy.p12']) {
      const listed = sorted(seen.get(file) ?? [])
      assert.deepEqual(
        listed.map(entry => entry.alias),
        [...aliases, 'secret'],
      )
      assert.deepEqual(listed.at(-1)?.hashes, [thumbprint(Buffer.alloc(16))])
    }
  })
})
