// Invariant 2, and the traps of Node that it is there for: E1 to E8 of the experiments that led to the design.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fixedClock } from '../../src/clock.ts'
import { parseCrl } from '../../src/pki/x509/crl.ts'
import { baseTime, day, type Issued, testAuthority } from '../support/certificates.ts'
import { type TestListener, testListener } from '../support/listener.ts'

const versions = ['TLSv1.2', 'TLSv1.3'] as const

test('nothing in src/ reads `authorized` or `authorizationError`', () => {
  const src = join(import.meta.dirname, '../../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  assert.ok(files.length > 50)
  const readers = files.filter(file =>
    /\.\s*authoriz(?:ed|ationError)\b|\[['"]authorized/.test(source(join(src, file))),
  )
  assert.deepEqual(readers, [])
})

/** The file without its comments. */
function source(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

suite('a resumed connection is judged like a new one', () => {
  for (const tls of versions) {
    test(`E1: without a certificate it is nobody's, ${tls}`, async () => {
      const door = await testListener()
      const first = await door.ask({ tls })
      const second = await door.ask({ tls, session: first.session })
      assert.equal(second.resumed, true)
      assert.equal(second.body.verdict, 'none')
    })

    test(`E1: a session that was made without a certificate is of no use where one is needed, ${tls}`, async () => {
      const [open, strict] = [await testListener(), await testListener({ options: { clientAuth: 'need' } })]
      const { session } = await open.ask({ tls })
      await assert.rejects(strict.ask({ tls, session }))
    })

    test(`E2: whose authority was removed does not come back with an old ticket, ${tls}`, async () => {
      const door = await testListener()
      const client = door.authority.issue()
      const { session } = await trusted(door, client, tls)
      const other = testAuthority({ name: 'Other CA' })
      door.trust.replace({ ...door.trust.material, anchors: [{ alias: 'other', certificate: other.certificate }] })
      const second = await door.ask({ tls, certificate: client, session })
      assert.equal(second.resumed, true, 'the ticket is good, the client is not')
      assert.equal(second.body.verdict, 'issuer_unknown')
    })

    test(`E2: whose certificate was revoked does not come back with an old ticket, ${tls}`, async () => {
      const door = await testListener()
      const client = door.authority.issue()
      const { session } = await trusted(door, client, tls)
      door.trust.replace({ ...door.trust.material, crls: [parseCrl(door.authority.crl([client]))] })
      const second = await door.ask({ tls, certificate: client, session })
      assert.equal(second.resumed, true)
      assert.equal(second.body.verdict, 'certificate_revoked')
    })

    test(`E2: whose certificate expired meanwhile does not come back with an old ticket, ${tls}`, async () => {
      const clock = fixedClock(baseTime)
      const door = await testListener({ clock })
      const client = door.authority.issue({ notAfter: baseTime + day })
      const { session } = await trusted(door, client, tls)
      clock.set(baseTime + 2 * day)
      const second = await door.ask({ tls, certificate: client, session })
      assert.equal(second.resumed, true)
      assert.equal(second.body.verdict, 'certificate_expired')
    })

    test(`E3: a ticket of one listener meets the trust of the other, ${tls}`, async () => {
      const [one, other] = [await testListener(), await testListener()]
      const client = one.authority.issue()
      const { session } = await trusted(one, client, tls)
      const there = await other.ask({ tls, certificate: client, session, servername: '' }).catch(() => undefined)
      assert.notEqual(there?.body.verdict, 'trusted')
    })

    test(`E5: new server keys do not turn an untrusted client into a trusted one, ${tls}`, async () => {
      const door = await testListener()
      const stranger = testAuthority({ name: 'Stranger CA' }).issue()
      const first = await door.ask({ tls, certificate: stranger })
      const { privateKey, certificate } = door.serverAuthority.issueServer()
      door.listener.replaceIdentities([{ alias: 'new', key: privateKey, chain: [certificate] }])
      const second = await door.ask({ tls, certificate: stranger, session: first.session })
      assert.equal(second.body.verdict, 'issuer_unknown')
    })

    test(`E8: whose intermediate is known from before comes back, with the leaf alone, ${tls}`, async () => {
      const door = await testListener()
      const client = door.authority.intermediate({ name: 'Middle CA' }).issue()
      const { session } = await trusted(door, client, tls)
      // Another epoch, so that the verdict has to be found again from the leaf alone.
      door.epoch.raise('policy')
      const second = await door.ask({ tls, certificate: client, session })
      assert.equal(second.resumed, true)
      assert.equal(second.body.chain, 1, 'only the leaf came back')
      assert.equal(second.body.verdict, 'trusted')
      const alone = await door.ask({ tls, certificate: { ...client, chainPem: client.pem } })
      assert.equal(alone.resumed, false)
      assert.equal(alone.body.verdict, 'trusted', 'a leaf that stood on a trusted path is known by its bytes')
    })
  }

  test('E4: who presents a bad certificate is told the reason, in both versions', async () => {
    const door = await testListener()
    const stranger = testAuthority({ name: 'Stranger CA' }).issue()
    for (const tls of versions) {
      const { status, body } = await door.ask({ tls, certificate: stranger })
      assert.equal(status, 200)
      assert.equal(body.verdict, 'issuer_unknown')
    }
  })

  test('E6: NODE_TLS_REJECT_UNAUTHORIZED changes nothing for the server', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    const door = await testListener({ options: { clientAuth: 'need' } })
    const stranger = testAuthority({ name: 'Stranger CA' }).issue()
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const { body } = await door.ask({ certificate: stranger })
      assert.equal(body.verdict, 'issuer_unknown')
      await assert.rejects(door.ask())
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })

  test('E7: the hybrid key exchange of OpenSSL 3.5 is on by itself', async () => {
    const door = await testListener()
    const socket = await door.connect({ tls: 'TLSv1.3' })
    assert.equal((socket.getEphemeralKeyInfo() as { name?: string }).name, 'X25519MLKEM768')
  })
})

async function trusted(door: TestListener, certificate: Issued, tls: (typeof versions)[number]) {
  const asked = await door.ask({ tls, certificate })
  assert.equal(asked.body.verdict, 'trusted')
  assert.ok(asked.session, 'the server gave a session')
  return asked
}
