// Both ways with NSS, which Firefox and Chromium on Linux keep their certificates in.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { writeKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import { openKeyStore } from '../../../src/pki/keystore/open.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { keyEntry, mixedStore, outline } from './stores.ts'

const folder = scratchFolder()
const database = ['-d', `sql:${join(folder, 'db')}`]
const password = 'Mötley Crüe ლ'

async function nss(program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' }
  const { code, stdout, stderr } = await run(program, args, { cwd: folder, env })
  assert.equal(code, 0, stdout + stderr)
  return stdout
}

before(async () => {
  mkdirSync(join(folder, 'db'))
  await nss('certutil', ['-N', '--empty-password', ...database])
  await writeKeyStoreFile(join(folder, 'ours.p12'), encodeKeyStore(mixedStore('PKCS12'), { password }))
  await nss('pk12util', ['-i', 'ours.p12', '-W', password, ...database])
})

test('NSS takes keys and certificates out of our file', async () => {
  const listed = await nss('certutil', ['-L', ...database])
  assert.match(listed, /^Alice\s+u,u,u/m)
  assert.match(listed, /^bob\s+u,u,u/m)
})

const kinds: Record<string, string[]> = {
  'as it is by default': [],
  'with 3DES and RC2-40': [
    '-c',
    'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC',
    '-C',
    'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC',
  ],
}
for (const [name, args] of Object.entries(kinds)) {
  test(`we open what NSS exports ${name}`, async () => {
    await nss('pk12util', ['-o', 'nss.p12', '-n', 'Alice', '-W', password, ...args, ...database])
    const store = openKeyStore(readFileSync(join(folder, 'nss.p12')), { password })
    assert.equal(store.integrity, 'verified')
    assert.deepEqual(outline(store), outline(mixedStore('PKCS12')).slice(0, 1))
    assert.equal(keyEntry(store, 'alice').privateKey().asymmetricKeyType, 'ec')
  })
}
