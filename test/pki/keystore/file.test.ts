import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { readKeyStoreFile, writeKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { mixedStore, outline } from './stores.ts'

const folder = scratchFolder()
const password = 'changeit'
const bytes = encodeKeyStore(mixedStore('PKCS12'), { password })
const mode = (path: string) => statSync(path).mode & 0o7777
const root = process.getuid?.() === 0

test('a new file is for its owner alone, whatever the umask', async () => {
  const path = join(folder, 'new.p12')
  const old = process.umask(0)
  try {
    await writeKeyStoreFile(path, bytes)
  } finally {
    process.umask(old)
  }
  assert.equal(mode(path), 0o600)
  assert.deepEqual(outline(await readKeyStoreFile(path, { password })), outline(mixedStore('PKCS12')))
})

test('mode and owner of a file stay', async () => {
  const path = join(folder, 'kept.p12')
  writeFileSync(path, 'old')
  chmodSync(path, 0o640)
  // only root can give files away; for others the owner is the same anyway
  if (root) chownSync(path, 1234, 4321)
  const { uid, gid, ino } = statSync(path)
  await writeKeyStoreFile(path, bytes)
  const after = statSync(path)
  assert.deepEqual([mode(path), after.uid, after.gid], [0o640, uid, gid])
  assert.notEqual(after.ino, ino)
})

test('a symbolic link stays one, and its target is written', async () => {
  mkdirSync(join(folder, 'real'))
  const target = join(folder, 'real', 'store.p12')
  writeFileSync(target, 'old')
  symlinkSync('real/store.p12', join(folder, 'middle.p12'))
  symlinkSync(join(folder, 'middle.p12'), join(folder, 'link.p12'))
  await writeKeyStoreFile(join(folder, 'link.p12'), bytes)
  assert.equal(readlinkSync(join(folder, 'link.p12')), join(folder, 'middle.p12'))
  assert.deepEqual(readFileSync(target), bytes)
  symlinkSync('real/not-yet.p12', join(folder, 'dangling.p12'))
  await writeKeyStoreFile(join(folder, 'dangling.p12'), bytes)
  assert.deepEqual(readFileSync(join(folder, 'real', 'not-yet.p12')), bytes)
})

test('nothing is left behind beside the file', async () => {
  const own = join(folder, 'own')
  mkdirSync(own)
  await writeKeyStoreFile(join(own, 'store.p12'), bytes)
  assert.deepEqual(readdirSync(own), ['store.p12'])
})

test('what cannot be written leaves the old store, and says why', async () => {
  const path = join(folder, 'a-folder.p12')
  mkdirSync(path)
  await assert.rejects(writeKeyStoreFile(path, bytes), error => isCoded(error, 'ERR_KEYSTORE_UNWRITABLE'))
  await assert.rejects(
    writeKeyStoreFile(join(folder, 'no', 'such', 'folder.p12'), bytes),
    error => isCoded(error, 'ERR_KEYSTORE_UNWRITABLE') && /folder does not exist/.test(error.message),
  )
  symlinkSync('loop.p12', join(folder, 'loop.p12'))
  await assert.rejects(writeKeyStoreFile(join(folder, 'loop.p12'), bytes), error =>
    isCoded(error, 'ERR_KEYSTORE_UNWRITABLE'),
  )
})

test('what cannot be read says why', async () => {
  await assert.rejects(
    readKeyStoreFile(join(folder, 'nothing.p12')),
    error => isCoded(error, 'ERR_KEYSTORE_NOT_FOUND') && error.message.includes('nothing.p12'),
  )
  mkdirSync(join(folder, 'directory'))
  await assert.rejects(readKeyStoreFile(join(folder, 'directory')), error => isCoded(error, 'ERR_KEYSTORE_UNREADABLE'))
  await run('mkfifo', [join(folder, 'pipe')])
  await assert.rejects(readKeyStoreFile(join(folder, 'pipe')), error => isCoded(error, 'ERR_KEYSTORE_UNREADABLE'))
})

// A writer that dies at any moment: the store is the old one or the new one, and opens.
test('a crash while writing leaves a whole store', async () => {
  const path = join(folder, 'crash.p12')
  const large = encodeKeyStore(mixedStore('JKS'), { password })
  await writeKeyStoreFile(path, large)
  const script = `
    import { writeKeyStoreFile } from ${JSON.stringify(join(import.meta.dirname, '../../../src/pki/keystore/file.ts'))}
    const old = new Uint8Array(${JSON.stringify([...large])})
    for (let i = 0; ; i++) {
      await writeKeyStoreFile(${JSON.stringify(path)}, old)
      if (i === 3) process.stdout.write('writing')
    }`
  for (const delay of [1, 5, 20]) {
    await killedAfter(script, delay)
    assert.deepEqual(readFileSync(path), large)
    // the lock of the dead writer is no obstacle
    await writeKeyStoreFile(path, large)
    assert.equal(existsSync(`${path}.lock`), false)
  }
})

function killedAfter(script: string, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.on('error', reject)
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), milliseconds))
    child.on('close', () => resolve())
  })
}
