// A proxy in front of a whole server: whom the requests are of that it hands on, and what becomes of them when trust moves.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { selfSigned, testAuthority } from '../../support/certificates.ts'
import { forwardedForms } from '../../support/forwarded.ts'
import { identityServer } from '../../support/identity-server.ts'

const people = testAuthority({ name: 'People CA' })
const below = people.intermediate({ name: 'People Issuing CA' })
const machines = testAuthority({ name: 'Machines CA' })
const alice = people.issue({ subject: 'CN=alice' })
const carol = below.issue({ subject: 'CN=carol' })
const stranger = testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=alice' })
const edge = machines.issue({ subject: 'CN=edge' })
const other = machines.issue({ subject: 'CN=other', san: [{ dns: 'other.internal' }] })
const printer = machines.issue({ subject: 'CN=printer' })

const proxy = (clientCertificate: object = {}, more: object = {}) => ({
  name: 'edge',
  proof: { thumbprints: [edge.thumbprint] },
  clientCertificate,
  ...more,
})
const server = await identityServer({
  anchors: { people, machines },
  bindings: [
    { thumbprint: alice.thumbprint, users: ['alice'] },
    { thumbprint: carol.thumbprint, users: ['carol'] },
    // The proxies' own certificates are somebody too, when they come by themselves.
    { thumbprint: edge.thumbprint, users: ['edge'] },
    { thumbprint: printer.thumbprint, users: ['printer'] },
  ],
  basic: { enabled: true },
  proxies: [proxy()],
})
for (const name of ['alice', 'carol', 'edge', 'printer']) {
  await server.users.add({ tenant: 'default', name, password: `${name}-password-1` })
}
const header = (client: typeof alice) => ({ 'Client-Cert': `:${client.der.toString('base64')}:` })
const basic = (name: string) => ({ authorization: `Basic ${btoa(`${name}:${name}-password-1`)}` })

suite('whose request it is', () => {
  test('of the client that the proxy names, never of the proxy', async () => {
    const nginx = server.client(edge)
    assert.equal(await nginx.whoami(header(alice)), 'alice')
    assert.equal(await nginx.whoami(), 'certificate_required', 'no header: a request without a certificate')
    assert.equal(await nginx.whoami({ 'Client-Cert': '' }), 'certificate_required', 'an empty header is none')
    assert.equal(await nginx.whoami(basic('carol')), 'carol', 'another authenticator may answer')
    assert.equal(await nginx.whoami(header(alice)), 'alice', 'one connection, many clients')
  })

  test('the chain is validated again, here', async () => {
    const nginx = server.client(edge)
    assert.equal(await nginx.whoami(header(stranger)), 'issuer_unknown')
    assert.equal(await nginx.whoami(header(selfSigned({ subject: 'CN=alice' }))), 'issuer_unknown')
    const forged = Buffer.from(alice.der)
    forged[forged.length - 1]! ^= 1
    assert.equal(await nginx.whoami({ 'Client-Cert': `:${forged.toString('base64')}:` }), 'signature_invalid')
    assert.equal(await nginx.whoami({ 'Client-Cert': ':MAA=:' }), 'certificate_malformed')
  })

  test('a refusal does not end the connection of the proxy', async () => {
    const nginx = server.client(edge)
    const first = await nginx.get(header(stranger))
    const second = await nginx.get(header(alice))
    assert.equal(second.body.user, 'alice')
    assert.equal(first.socket, second.socket)
  })

  test('nobody else may name a certificate: not another machine, not a user, not nobody', async () => {
    assert.equal(await server.client(other).whoami(header(alice)), 'certificate_not_bound')
    assert.equal(await server.client(printer).whoami(header(alice)), 'printer')
    assert.equal(await server.client(stranger).whoami(header(alice)), 'issuer_unknown')
    assert.equal(await server.client().whoami(header(alice)), 'certificate_required')
  })

  test('a proxy by name: the authority and the name, both', async () => {
    await server.become({
      proxies: [{ ...proxy(), proof: { anchor: 'machines', san: { dns: 'other.internal' } } }],
    })
    assert.equal(await server.client(other).whoami(header(alice)), 'alice')
    assert.equal(await server.client(edge).whoami(header(alice)), 'edge', 'no proxy any more')
    const sameName = people.issue({ subject: 'CN=other', san: [{ dns: 'other.internal' }] })
    assert.equal(await server.client(sameName).whoami(header(alice)), 'certificate_not_bound', 'another authority')
    const otherCase = machines.issue({
      subject: 'CN=x',
      san: [{ uri: 'other.internal:x' }, { email: 'a@other.internal' }],
    })
    assert.equal(await server.client(otherCase).whoami(header(alice)), 'certificate_not_bound', 'another kind of name')
    await server.become({ proxies: [proxy()] })
  })

  test('two entries for one certificate: neither is believed, and the certificate is nobody', async () => {
    const both = machines.issue({ subject: 'CN=both', san: [{ dns: 'both.internal' }] })
    await server.become({
      proxies: [
        { ...proxy(), name: 'a', proof: { anchor: 'machines', subject: 'CN=both' } },
        { ...proxy({ form: 'none' }), name: 'b', proof: { anchor: 'machines', san: { dns: 'both.internal' } } },
      ],
    })
    assert.equal(await server.client(both).whoami(header(alice)), 'proxy_not_proven')
    assert.equal(await server.client(both).whoami(), 'proxy_not_proven')
    await server.become({ proxies: [proxy()] })
  })

  test('a list that cannot be is refused at the reload, and the one before it stands', async () => {
    for (const proof of [
      { thumbprints: ['ab'] },
      { anchor: 'nobody', subject: 'CN=edge' },
      { anchor: 'machines', subject: 'no name' },
      { by: 'signature', keyId: 'edge', secret: 'short' },
      { by: 'signature', keyId: 'edge', secret: 'env:NOT_SET' },
      { by: 'socket', path: '/tmp/edge.sock', listener: 'nowhere' },
      { by: 'socket', path: `/tmp/${'x'.repeat(100)}` },
    ]) {
      await server.refuseToBecome({ proxies: [{ ...proxy(), proof }] })
    }
    await server.refuseToBecome({ proxies: [proxy(), proxy()] })
    await server.refuseToBecome({ proxies: [proxy(), { ...proxy(), name: 'second' }] })
    const bySocket = { ...proxy(), proof: { by: 'socket', path: '/tmp/edge.sock' } }
    await server.refuseToBecome({ proxies: [bySocket, { ...bySocket, name: 'second' }] })
    assert.equal(await server.client(edge).whoami(header(alice)), 'alice')
  })
})

suite('each form, and no other than the one of the proxy', () => {
  for (const { form, options, headers, chain } of forwardedForms) {
    test(form, async () => {
      await server.become({ proxies: [proxy({ form, ...options })] })
      const edgeClient = server.client(edge)
      assert.equal(await edgeClient.whoami(headers(alice)), 'alice')
      assert.equal(await edgeClient.whoami(headers(stranger)), 'issuer_unknown')
      const lone = below.issue({ subject: 'CN=lone' })
      assert.equal(await edgeClient.whoami(headers(lone)), 'issuer_unknown', 'the intermediate is not there')
      if (chain) assert.equal(await edgeClient.whoami(chain(lone)), 'certificate_not_bound', 'with it')
      const others = forwardedForms.filter(one => one.form !== form)
      for (const one of others) {
        assert.equal(await edgeClient.whoami(one.headers(alice)), 'certificate_required', one.form)
      }
      const all = Object.assign({}, ...others.map(one => one.headers(stranger)))
      assert.equal(await edgeClient.whoami({ ...all, ...headers(alice) }), 'alice', 'the others beside it')
      for (const [name, value] of Object.entries(headers(alice))) {
        assert.equal(await edgeClient.whoami({ [name]: [value, value] }), 'bad_request', 'twice')
        const { body } = await edgeClient.get({ [name]: `${value}x` })
        assert.ok(body.user === undefined, 'something behind it')
        assert.equal(await edgeClient.whoami({ [name.replaceAll('-', '_')]: value }), 'certificate_required')
        assert.equal(await edgeClient.whoami({ [name.toUpperCase()]: value, Connection: name }), 'alice')
      }
    })
  }
})

suite('when trust moves', () => {
  const nginx = server.client(edge)
  const start = async () => {
    await server.become({ proxies: [proxy()] })
    assert.equal(await nginx.whoami(header(alice)), 'alice')
  }

  test('the user is locked, and let in again: request by request, on the connection that stays', async () => {
    await start()
    const before = await nginx.get(header(alice))
    await server.users.setState('default', 'alice', 'locked')
    await until(async () => (await nginx.whoami(header(alice))) === 'account_locked')
    assert.equal(await nginx.whoami(header(printer)), 'printer', 'others are not concerned')
    await server.users.setState('default', 'alice', 'active')
    await until(async () => (await nginx.whoami(header(alice))) === 'alice')
    assert.equal((await nginx.get(header(alice))).socket, before.socket)
  })

  test('the authority of the people goes', async () => {
    await start()
    await server.become({ anchors: { machines } })
    assert.equal(await nginx.whoami(header(alice)), 'issuer_unknown')
    await server.become({ anchors: { people, machines } })
  })

  test('the authority of the proxy goes: its connection ends, and the next one says nothing', async () => {
    await start()
    const before = await nginx.get(header(alice))
    await server.become({ anchors: { people } })
    await nginx.ended(before)
    assert.equal(await nginx.whoami(header(alice)), 'issuer_unknown')
    await server.become({ anchors: { people, machines } })
  })

  test('the proxy goes from the list: on the connection that is open, its word counts for nothing', async () => {
    await start()
    await server.become({ proxies: [] })
    assert.equal(await nginx.whoami(header(alice)), 'edge')
    await start()
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 5_000; !(await holds()); ) {
    assert.ok(Date.now() < end, 'it came to pass')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
