// Stores of many makers that nobody here wrote, where they lie beside the project: see ../shared/suites/README.md.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { CodedError, isCoded } from '../../src/errors.ts'
import type { KeyStore, KeyStoreEntry } from '../../src/pki/keystore/keystore.ts'
import { openKeyStore } from '../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { thumbprint } from '../../src/pki/x509/thumbprint.ts'

const suites = join(import.meta.dirname, '../../../shared/suites')
const folder = join(suites, 'keystores')
const missing = existsSync(folder) ? false : 'no suites beside the project'

interface IndexEntry {
  readonly alias: string
  readonly kind: 'privateKey' | 'trustedCert' | 'secretKey'
  readonly keypass?: string | null
  readonly keySha256?: string
  readonly chain?: string[]
  readonly certSha256?: string[]
}
interface IndexFile {
  readonly file: string
  readonly type: string
  readonly storepass?: string
  readonly java17: 'ok' | 'cannot-load'
  readonly note?: string
  readonly entries?: IndexEntry[]
}

const kinds = { privateKey: 'private-key', trustedCert: 'trusted-certificate', secretKey: 'secret-key' } as const
const index: IndexFile[] = missing ? [] : JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))

/** Opens within the second that a hung or hostile file would not. */
function opened(bytes: Uint8Array, options: Parameters<typeof openKeyStore>[1]): KeyStore {
  const start = process.cpuUsage()
  try {
    return openKeyStore(bytes, options)
  } finally {
    const { user, system } = process.cpuUsage(start)
    assert.ok(user + system < 1_000_000, `${user + system} µs of processor time`)
  }
}

const certificatesOf = (entry: KeyStoreEntry) =>
  entry.kind === 'private-key'
    ? entry.chain.map(one => one.thumbprint)
    : entry.kind === 'trusted-certificate'
      ? [entry.certificate.thumbprint]
      : []

test('the suites are there', { skip: missing }, () => assert.ok(index.length > 0))

for (const { file, type, storepass, java17, note, entries } of index) {
  describe(file, () => {
    const bytes = readFileSync(join(folder, file))
    const password = storepass ?? passwordIn(note)

    if (type === 'BKS' || type === 'UBER') {
      test('is refused as a store of Bouncy Castle', () => {
        const refusal = refusalOf(() => opened(bytes, { password, file }))
        assert.equal(refusal.code, 'ERR_KEYSTORE_BOUNCY_CASTLE')
        assert.match(refusal.message, new RegExp(type))
        assert.ok(refusal.remedy)
      })
      return
    }
    if (note?.startsWith('malformed')) {
      test('is refused as malformed', () => {
        assert.equal(refusalOf(() => opened(bytes, { password, file })).code, 'ERR_KEYSTORE_MALFORMED')
      })
      return
    }

    test('no truncation opens', () => {
      // all of a small file, samples of a large one
      const step = Math.max(1, Math.floor(bytes.length / 1000))
      for (let length = 0; length < bytes.length; length += step) {
        const refusal = refusalOf(() => openKeyStore(bytes.subarray(0, length), { password: password ?? 'x', file }))
        assert.equal(refusal.code, 'ERR_KEYSTORE_TRUNCATED', `${length} of ${bytes.length} octets: ${refusal.message}`)
      }
    })
    test('a wrong password is refused, where anything can tell', () => {
      for (const wrong of [`${password ?? ''}x`, 'wrong', 'ünrecht']) {
        try {
          const store = opened(bytes, { password: wrong, file })
          // neither a MAC nor a single encrypted octet
          assert.equal(store.integrity, 'none')
          assert.deepEqual(certificatesInTheClear(store, bytes), true)
        } catch (error) {
          if (!isCoded(error, 'ERR_KEYSTORE_WRONG_PASSWORD')) throw error
          assert.ok(error.remedy)
        }
      }
    })
    if (password === undefined) return

    test('lists the entries that Java lists', () => {
      const store = opened(bytes, { password, file })
      const found = new Map(store.entries.map(entry => [entry.alias, entry]))
      for (const expected of entries ?? []) {
        const entry = found.get(expected.alias)
        assert.ok(entry, `${JSON.stringify(expected.alias)} is missing`)
        assert.equal(entry.kind, kinds[expected.kind])
        assert.deepEqual(certificatesOf(entry), expected.chain ?? expected.certSha256 ?? [])
        found.delete(expected.alias)
        if (entry.kind !== 'private-key' || typeof expected.keypass !== 'string') continue
        assert.equal(thumbprint(entry.pkcs8(expected.keypass)), expected.keySha256)
        assert.equal(entry.privateKey(expected.keypass).type, 'private')
      }
      // certificates that Java hides in PKCS#12, and what it reads only with another password
      if (java17 === 'ok' && type !== 'PKCS12') assert.deepEqual([...found.keys()], [])
    })

    test('is written anew with the same entries', () => {
      const store = openKeyStore(bytes, { password, file })
      const keep = {
        ...store,
        entries: store.entries.filter(entry => entry.kind !== 'secret-key' || entry.bag !== undefined),
      }
      const to = store.type === 'JCEKS' ? 'PKCS12' : store.type
      const known = keep.entries.filter(entry => entry.kind !== 'private-key' || opensKey(entry))
      const again = openKeyStore(encodeKeyStore({ ...keep, entries: known }, { type: to, password: 'another' }), {
        password: 'another',
      })
      // PKCS#12 holds no order of a chain that names do not give, as some test stores have it
      const outline = (list: readonly KeyStoreEntry[]) =>
        list.map(entry => [entry.alias, entry.kind, certificatesOf(entry).slice(0, to === store.type ? undefined : 1)])
      assert.deepEqual(outline(again.entries), outline(known))
    })
  })
}

function opensKey(entry: { pkcs8(): Buffer }): boolean {
  try {
    return entry.pkcs8().length > 0
  } catch (error) {
    assert.ok(isCoded(error, 'ERR_KEYSTORE_WRONG_KEY_PASSWORD'))
    return false
  }
}

function refusalOf(run: () => unknown): CodedError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error))
    assert.match(error.code, /^ERR_KEYSTORE_/)
    return error
  }
  throw new Error('it was not refused')
}

/** Some notes say the password in words. */
function passwordIn(note: string | undefined): string | undefined {
  return /password "([^"]+)"/.exec(note ?? '')?.[1]
}

function certificatesInTheClear(store: KeyStore, bytes: Buffer): boolean {
  return store.entries.every(
    entry => entry.kind === 'trusted-certificate' && bytes.includes(entry.certificate.raw.subarray(-32)),
  )
}

const wso2Passwords: [RegExp, string][] = [
  [/browser\./, 'browserpwd'],
  [/cacerts\./, 'cacertspassword'],
  [/foobar\./, 'foobarpwd'],
  [/saml-keystore/, 'samlkeystore'],
]

describe('WSO2', { skip: missing }, () => {
  for (const listing of globSync(join(suites, 'wso2/*/*.keytool.txt'))) {
    const path = listing.replace(/\.keytool\.txt$/, '')
    if (!existsSync(path)) continue
    test(`${basename(join(path, '..'))}/${basename(path)} is what keytool -list -v says`, () => {
      const password = wso2Passwords.find(([name]) => name.test(path))?.[1] ?? 'wso2carbon'
      const store = opened(readFileSync(path), { password, file: path })
      const listed = readFileSync(listing, 'utf8')
        .split(/^Alias name: /m)
        .slice(1)
        .map(block => ({
          alias: block.slice(0, block.indexOf('\n')),
          kind: block.includes('Entry type: PrivateKeyEntry') ? 'private-key' : 'trusted-certificate',
          certificates: [...block.matchAll(/SHA256: ([0-9A-F:]+)/g)].map(match =>
            match[1]!.replaceAll(':', '').toLowerCase(),
          ),
        }))
      const byAlias = (a: { alias: string }, b: { alias: string }) => (a.alias < b.alias ? -1 : 1)
      assert.deepEqual(
        store.entries
          .map(entry => ({ alias: entry.alias, kind: entry.kind, certificates: certificatesOf(entry) }))
          .toSorted(byAlias),
        listed.toSorted(byAlias),
      )
      for (const entry of store.entries) if (entry.kind === 'private-key') entry.privateKey()
    })
  }
})
