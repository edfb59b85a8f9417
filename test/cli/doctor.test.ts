// The doctor's report as a person sees it, of a real server; and what of it programs read.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createServer } from 'node:tls'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { listening } from '../diagnosis/servers.ts'
import { baseTime, day, testAuthority } from '../support/certificates.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'
import { inProcess } from './transcript.ts'

const folder = scratchFolder()
const at = (name: string) => join(folder, name)
const ca = testAuthority({ name: 'CN=Example CA' })
const server = ca.issueServer()
const alice = ca.issue({ subject: 'CN=alice' })
const late = ca.issue({ subject: 'CN=late', notBefore: baseTime - 9 * day, notAfter: baseTime - 2 * day })
for (const [name, text] of Object.entries({
  'ca.crt': ca.pem,
  'server.pem': server.keyPem + server.chainPem,
  'alice.crt': alice.pem,
  'alice.key': alice.keyPem,
  'late.pem': late.keyPem + late.pem,
}))
  writeFileSync(at(name), text)
const password = 'trustworthy'
const key = setPrivateKey(emptyKeyStore('PKCS12'), 'alice', { key: alice.privateKey, chain: [alice.certificate] })
writeFileSync(at('alice.p12'), encodeKeyStore(key, { password }))
const trust = setTrustedCertificate(emptyKeyStore('JKS'), 'example', ca.certificate)
writeFileSync(at('trust.jks'), encodeKeyStore(trust, { password }))

const running = await serveFrom(
  folder,
  JSON.stringify({
    listeners: [
      {
        address: '127.0.0.1',
        port: 0,
        clientAuth: 'need',
        advertiseAuthorities: true,
        keyStore: { file: 'server.pem' },
        trustStore: [{ file: 'ca.crt' }],
      },
    ],
    management: { enabled: false },
    authenticators: { 'mutual-tls': { bindings: [{ thumbprint: alice.thumbprint, users: ['alice'] }] } },
    users: { file: 'users.db' },
    audit: { enabled: false },
  }),
)
after(() => running.stop('the test is over'))
const target = `127.0.0.1:${running.listeners[0]!.port}`
const env = { PASSWORD: password }
const doctor = (...args: string[]) => inProcess(['doctor', target, ...args], '', env, Date.now())
const trusting = ['--trust', at('ca.crt')]
const asAlice = [...trusting, '--cert', at('alice.crt'), '--key', at('alice.key')]

test('a healthy server', async () => {
  const added = ['user', 'add', 'alice', '--certificate-only', '--config', at('countersign.yaml')]
  assert.equal((await inProcess(added, '', env, Date.now())).code, 0)
  const { code, stdout, stderr } = await doctor(...asAlice)
  assert.equal(code, 0, stdout + stderr)
  for (const line of [
    `✓ ${target} is fine.`,
    '✓ agreed on    TLSv1.3, TLS_AES_128_GCM_SHA256',
    '  takes        TLSv1.2: ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    '✓ names        localhost, 127.0.0.1, 0:0:0:0:0:0:0:1; asked for 127.0.0.1',
    '  asks for     one of CN=Example CA, signed with ECDSA, RSA',
    '✓ issuer     CN=Example CA is among those that the server names',
    '✓ GET /whoami  200 OK',
    `  you are      alice, by mutual-tls (thumbprint ${alice.thumbprint.slice(0, 16)}…)`,
  ])
    assert.ok(stdout.includes(line), `${line}\n--- in\n${stdout}`)
})

test('what is wrong comes first, with what to do, and is marked where it is seen', async () => {
  const { code, stdout } = await doctor(...trusting, '--cert', at('late.pem'))
  assert.equal(code, 1)
  const [first, second, third] = stdout.split('\n')
  assert.match(first!, /^✗ The client certificate CN=late expired on 20\d\d-\d\d-\d\d 00:00 UTC\.$/)
  assert.match(second!, /^ {2}Renew it/)
  assert.equal(third, '  (client_certificate_expired)')
  assert.match(stdout, /✗ dates +expired on/)
  assert.match(stdout, /it says +certificate_expired: /)
})

test('as JSON: the cause, and what both sides showed', async () => {
  const { code, stdout } = await doctor(...trusting, '--json')
  const { healthy, cause, server: seen, client, handshake } = JSON.parse(stdout)
  assert.equal(code, 1)
  assert.equal(healthy, false)
  assert.deepEqual(Object.keys(cause), ['code', 'sentence', 'remedy'])
  assert.equal(cause.code, 'client_certificate_missing')
  assert.equal(client, null)
  assert.deepEqual(seen.certificateRequest.authorities, ['CN=Example CA'])
  assert.equal(seen.verdict.trusted, true)
  assert.deepEqual(
    seen.takes.map((each: { protocol: string }) => each.protocol),
    ['TLSv1.3', 'TLSv1.2'],
  )
  assert.equal(handshake.done, true)
  assert.deepEqual([handshake.failure.stage, handshake.failure.alert.number], ['first read', 116])
})

test('key stores on both sides, with passwords from the environment', async () => {
  const stores = ['--keystore', at('alice.p12'), '--password', 'env:PASSWORD', '--trust', at('trust.jks')]
  const { code, stdout, stderr } = await doctor(...stores, '--trust-password', 'env:PASSWORD')
  assert.equal(code, 0, stdout + stderr)
  assert.ok(!(stdout + stderr).includes(password))
})

test('another name than the one of the address', async () => {
  assert.equal((await doctor(...asAlice, '--servername', 'localhost')).code, 0)
  const { code, stdout } = await doctor(...asAlice, '--servername', 'other.example')
  assert.equal(code, 1)
  assert.match(
    stdout,
    /^✗ The certificate of the server is for localhost, 127\.0\.0\.1, .* and not for other\.example\.$/m,
  )
})

test('what a server says cannot steer the terminal, nor fill gaps in our own sentences', async () => {
  const hostile = ca.issueServer({ subject: [{ type: 'CN', value: '\u001b[2Jcleared\u202e' }] })
  const problem = {
    code: 'a\u001b[2J',
    title: '\u0007',
    detail: '\u001b[2J {remedy}',
    remedy: 'run \u001b]0;x\u0007',
    requestId: '\u009b1m',
  }
  const answer = `HTTP/1.1 401 \u001b[31mRed\r\nContent-Type: application/problem+json\r\n\r\n${JSON.stringify(problem)}`
  const identity = { key: hostile.keyPem, cert: hostile.chainPem }
  const port = await listening(
    createServer(identity, socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(answer))
    }),
  )
  const { code, stdout } = await inProcess(['doctor', `127.0.0.1:${port}`, ...trusting], '', env, Date.now())
  assert.equal(code, 1)
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  assert.match(stdout, /TLS is in order; the server answers 401 a\\u\{1b\}\[2J: \\u\{1b\}\[2J \{remedy\}/)
})
