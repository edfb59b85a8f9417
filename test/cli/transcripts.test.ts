import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { baseTime, day, selfSigned, testAuthority } from '../support/certificates.ts'
import { scratchFolder } from '../support/scratch.ts'
import { compare, parseTranscript, runStep } from './transcript.ts'

const folder = import.meta.dirname
const started = process.cwd()
after(() => process.chdir(started))

for (const file of readdirSync(folder).filter(name => name.endsWith('.txt'))) {
  test(file.replace('.txt', '').replaceAll('-', ' '), async () => {
    const steps = parseTranscript(readFileSync(join(folder, file), 'utf8'))
    assert.ok(steps.length > 0)
    process.chdir(scratchFolder())
    writeFixtures()
    const env: Record<string, string | undefined> = {
      PATH: process.env.PATH,
      HOME: process.cwd(),
      TZ: 'UTC',
      LC_ALL: 'C',
    }
    for (const step of steps) compare(step, await runStep(step, env, Date.now()))
  })
}

test('a transcript can fail: by a line too many, a line too few, another word, another code', () => {
  const [step] = parseTranscript('$ echo\none\n…\nt…ee\n! why\n? 1')
  assert.ok(step)
  compare(step, { code: 1, stdout: 'one\ntwo\nthree\n', stderr: 'why\n' })
  for (const outcome of [
    { code: 1, stdout: 'one\ntwo\nthree\nfour\n', stderr: 'why\n' },
    { code: 1, stdout: 'one\n', stderr: 'why\n' },
    { code: 1, stdout: 'one\nthree\n', stderr: '' },
    { code: 0, stdout: 'one\nthree\n', stderr: 'why\n' },
  ]) {
    assert.throws(() => compare(step, outcome))
  }
})

/** What every transcript finds in its folder. */
function writeFixtures() {
  const ca = testAuthority({ name: 'Example CA' })
  const alice = ca.issue({ subject: 'CN=alice,O=Example', san: [{ email: 'alice@example.test' }] })
  const late = selfSigned({ subject: 'CN=late', notBefore: baseTime - 10 * day, notAfter: baseTime - 3 * day })
  const files = {
    'ca.crt': ca.pem,
    'alice.crt': alice.pem,
    'alice-chain.crt': alice.chainPem,
    'alice.key': alice.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'late.crt': late.pem,
    'password.txt': 'changeit\n',
    'not-a-certificate.txt': 'hello\n',
    'junk.p12': 'this is no key store',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(name, content)
}
