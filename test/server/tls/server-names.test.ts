import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { secureContexts } from '../../../src/server/tls/secure-contexts.ts'
import { normalServerName } from '../../../src/server/tls/server-identity.ts'
import { testAuthority, testKey } from '../../support/certificates.ts'
import { serverIdentity, testListener } from '../../support/listener.ts'

suite('which server certificate is shown', () => {
  const names: Record<string, string[]> = {
    first: ['localhost', 'first.example'],
    second: ['second.example', 'xn--mnchen-3ya.example'],
    wild: ['*.wild.example', 'Exact.Second.Example'],
  }
  const opened = testListener({
    identities(authority) {
      const of = (alias: string) => {
        const san = names[alias]!.map(dns => ({ dns }))
        return serverIdentity(authority.issueServer({ subject: `CN=${alias}`, san }), alias)
      }
      return [of('first'), of('second'), of('wild')]
    },
  })
  const shown = async (servername: string, tls: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') => {
    const door = await opened
    const { connect } = await import('node:tls')
    const socket = connect({
      port: door.port,
      host: '127.0.0.1',
      servername,
      minVersion: tls,
      maxVersion: tls,
      rejectUnauthorized: false,
    })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return subject.CN
  }

  for (const [asked, expected] of [
    ['', 'first'],
    ['first.example', 'first'],
    ['second.example', 'second'],
    ['SECOND.example', 'second'],
    ['Second.Example.', 'second'],
    ['second.example.', 'second'],
    ['xn--mnchen-3ya.example', 'second'],
    ['XN--Mnchen-3ya.example', 'second'],
    ['a.wild.example', 'wild'],
    ['A.WILD.EXAMPLE', 'wild'],
    ['a.b.wild.example', 'first'],
    ['wild.example', 'first'],
    ['exact.second.example', 'wild'],
    ['other.example', 'first'],
    ['second.example..', 'first'],
    ['second.example:9443', 'first'],
  ] as const) {
    test(`to who asks for "${asked}": ${expected}`, async () => {
      assert.equal(await shown(asked), expected)
      assert.equal(await shown(asked, 'TLSv1.2'), expected)
    })
  }

  test('the choice never throws, whatever name comes', () => {
    const authority = testAuthority()
    const identity = serverIdentity(authority.issueServer())
    const options = { name: 'x', protocols: ['TLSv1.3'] as const, advertiseAuthorities: false, ticketLifetime: 60 }
    const { choose, fallback } = secureContexts(
      { ...options, protocols: [...options.protocols] },
      [identity, identity],
      [],
    )
    assert.ok(choose)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.string({ maxLength: 400 })), name => {
        let context: unknown
        choose(name, (error, chosen) => {
          assert.equal(error, null)
          context = chosen
        })
        assert.ok(context === fallback || normalServerName(name) === 'localhost')
      }),
    )
  })

  test('new certificates are shown from the next handshake on; bad ones change nothing', async () => {
    const door = await testListener()
    const kept = await door.connect()
    const issued = door.serverAuthority.issueServer({ subject: 'CN=renewed' })
    const other = { alias: 'other', key: testKey().privateKey, chain: [issued.certificate] }
    assert.throws(
      () => door.listener.replaceIdentities([other]),
      error => isCoded(error, 'ERR_SERVER_KEY_UNUSABLE'),
    )
    assert.notEqual((await door.connect()).getPeerCertificate().subject.CN, 'renewed')
    door.listener.replaceIdentities([serverIdentity(issued)])
    assert.equal((await door.connect()).getPeerCertificate().subject.CN, 'renewed')
    assert.equal(kept.destroyed, false, 'connections that are open stay')
  })
})

test("a key without its certificate, or with somebody else's, does not open a listener", async () => {
  const authority = testAuthority()
  const issued = authority.issueServer()
  for (const identity of [
    { alias: 'a', key: issued.privateKey, chain: [] },
    { alias: 'a', key: issued.publicKey, chain: [issued.certificate] },
    { alias: 'a', key: testKey().privateKey, chain: [issued.certificate] },
  ]) {
    await assert.rejects(testListener({ identities: () => [identity] }), error =>
      isCoded(error, 'ERR_SERVER_KEY_UNUSABLE'),
    )
  }
})

test('advertised authorities: their names are in the request, and public roots never are', async () => {
  const { run } = await import('../../support/run.ts')
  for (const advertiseAuthorities of [false, true]) {
    const door = await testListener({ options: { advertiseAuthorities } })
    const args = ['s_client', '-connect', `127.0.0.1:${door.port}`, '-servername', 'localhost']
    const { stdout } = await run('openssl', args, { input: '', timeout: 20_000 })
    const list = /Acceptable client certificate CA names\n([\s\S]*?)\n(?:Requested|---)/.exec(stdout)?.[1] ?? ''
    assert.equal(list.trim(), advertiseAuthorities ? 'CN = Client CA' : '')
  }
})
