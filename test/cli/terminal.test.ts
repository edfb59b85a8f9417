// A person at a terminal: a real one, made by script(1).
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { plain } from '../../src/cli/terminal.ts'
import { baseTime, day, selfSigned } from '../support/certificates.ts'
import { countersign } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const launcher = join(import.meta.dirname, '../../bin/countersign.js')
const folder = scratchFolder()
// the tests themselves may run with or without colour
const environment = { ...process.env, TERM: 'xterm', NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined }

test('passwords that are typed are asked for twice, can be corrected, and never show', async t => {
  const args = 'keystore generate typed.p12 --alias a --subject CN=a'
  const shown = await atTerminal(t, args, [
    ['Password for the new store typed.p12: ', 'sesamx\x7fe-öx\x7f\r'],
    ['Password for the new store typed.p12, again: ', 'sesame-ö\r'],
  ])
  if (shown === undefined) return
  assert.doesNotMatch(shown, /sesa/)
  assert.match(shown, /a in typed\.p12: CN=a/)
  const env = { ...process.env, PASSWORD: 'sesame-ö' }
  const { code, stderr } = await countersign(['keystore', 'list', 'typed.p12', '--password', 'env:PASSWORD'], {
    cwd: folder,
    env,
  })
  assert.equal(code, 0, stderr)
})

test('two passwords that differ make no store', async t => {
  const shown = await atTerminal(t, 'keystore generate differ.p12 --alias a --subject CN=a', [
    ['Password for the new store differ.p12: ', 'sesame-1\r'],
    ['Password for the new store differ.p12, again: ', 'sesame-2\r'],
  ])
  if (shown === undefined) return
  assert.match(shown, /the two passwords differ/)
  assert.equal(existsSync(join(folder, 'differ.p12')), false)
})

test('Ctrl-C at a password ends the program', async t => {
  const shown = await atTerminal(t, 'keystore generate never.p12 --alias a --subject CN=a', [
    ['Password for the new store never.p12: ', 'sesa\x03'],
  ])
  if (shown === undefined) return
  assert.doesNotMatch(shown, /sesa|again|ERR_/)
  assert.equal(existsSync(join(folder, 'never.p12')), false)
})

test('an expired certificate is red, at a terminal and without NO_COLOR only', async t => {
  const { pem } = selfSigned({ notBefore: baseTime - 10 * day, notAfter: baseTime - 3 * day })
  writeFileSync(join(folder, 'late.pem'), pem)
  const red = '\u001b[31mexpired 3 days ago'
  const shown = await atTerminal(t, 'keystore list late.pem', [])
  if (shown === undefined) return
  assert.ok(shown.includes(red), shown)
  const plainly = await atTerminal(t, 'keystore list late.pem', [], { NO_COLOR: '1' })
  assert.ok(plainly?.includes('expired 3 days ago'))
  assert.ok(!plainly?.includes('\u001b'))
  const { stdout } = await countersign(['keystore', 'list', 'late.pem'], { cwd: folder })
  assert.ok(stdout.includes('expired 3 days ago') && !stdout.includes('\u001b'))
})

test('no process ever carries a password among its arguments', async () => {
  const child = spawn(
    process.execPath,
    [
      launcher,
      'keystore',
      'generate',
      'ps.p12',
      '--alias',
      'a',
      '--subject',
      'CN=a',
      '--password',
      'env:PASSWORD',
      '--key-type',
      'rsa-4096',
    ],
    {
      cwd: folder,
      env: { ...process.env, PASSWORD: 'not-in-ps-7' },
      stdio: 'ignore',
    },
  )
  // Until it has become the program, the new process shows nothing, or its parent's arguments.
  let seen = ''
  for (let tries = 0; !seen.includes('keystore') && tries < 100; tries++) {
    await sleep(10)
    seen = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
  }
  assert.match(seen, /keystore/)
  assert.doesNotMatch(seen, /not-in-ps-7/)
  assert.equal(await new Promise(resolve => child.on('exit', resolve)), 0)
})

test('text from a certificate cannot steer the terminal', () => {
  assert.equal(plain('CN=a\x1b[2J\u202eb\r\nc\u2028'), 'CN=a\\u{1b}[2J\\u{202e}b\\u{d}\\u{a}c\\u{2028}')
  assert.equal(plain('CN=Zoë,O=例え'), 'CN=Zoë,O=例え')
})

/** Runs the command at a terminal and types each answer when its question stands there. Answers all that was shown. */
async function atTerminal(
  t: TestContext,
  args: string,
  answers: readonly (readonly [string, string])[],
  added: Record<string, string> = {},
): Promise<string | undefined> {
  if (!(process.env.PATH ?? '').split(delimiter).some(place => existsSync(join(place, 'script')))) {
    t.skip('script(1) is not there to make a terminal')
    return undefined
  }
  const child = spawn('script', ['-qec', `'${process.execPath}' '${launcher}' ${args}`, '/dev/null'], {
    cwd: folder,
    env: { ...environment, ...added },
    timeout: 30_000,
  })
  let shown = ''
  const waiting = [...answers]
  child.stdout.on('data', chunk => {
    shown += chunk
    const [question, answer] = waiting[0] ?? []
    if (question === undefined || answer === undefined || !shown.endsWith(question)) return
    waiting.shift()
    child.stdin.write(answer)
  })
  await new Promise(resolve => child.on('close', resolve))
  child.stdin.destroy()
  assert.equal(waiting.length, 0, `every question was asked: ${shown}`)
  return shown
}
