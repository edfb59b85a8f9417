// A proxy that has no certificate, and signs each request with a secret that it shares with us (RFC 9421).
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testAuthority } from '../../support/certificates.ts'
import { identityServer } from '../../support/identity-server.ts'
import { type Signing, signMessage } from '../../support/message-signature.ts'

const people = testAuthority({ name: 'People CA' })
const alice = people.issue({ subject: 'CN=alice' })
const bob = people.issue({ subject: 'CN=bob' })
const secret = 'a secret of more than thirty-two bytes, for tests'
const signed = {
  name: 'edge',
  proof: { by: 'signature', keyId: 'edge', secret, maxAge: 10 },
  addressHeader: 'X-Forwarded-For',
}
const server = await identityServer({
  anchors: { people },
  bindings: [
    { thumbprint: alice.thumbprint, users: ['alice'] },
    { thumbprint: bob.thumbprint, users: ['bob'] },
  ],
  proxies: [signed],
})
for (const name of ['alice', 'bob']) await server.users.add({ tenant: 'default', name })

const value = `:${alice.der.toString('base64')}:`
const fields = { 'Client-Cert': value, 'X-Forwarded-For': '192.0.2.1' }
const authority = 'localhost:8443'
const sign = (more: Partial<Signing> = {}) =>
  signMessage({ secret, keyId: 'edge', authority, target: '/whoami', fields, ...more })
const nobody = server.client()
const ask = (signature: Record<string, string>, more: Record<string, string | string[]> = {}) =>
  nobody.get({ Host: authority, ...fields, ...signature, ...more })
const who = async (...args: Parameters<typeof ask>) => {
  const { body } = await ask(...args)
  return body.user ?? body.code
}

test('a signed request is of the client that the proxy names, whoever holds the connection', async () => {
  assert.equal(await who(sign()), 'alice')
  const headers = { Host: authority, ...fields, ...sign() }
  assert.equal(await server.client(bob).whoami(headers), 'alice')
  assert.equal(await server.client(bob).whoami(), 'bob')
})

test('the same by the target as a whole, and by the request line', async () => {
  const more = ['client-cert', 'x-forwarded-for']
  assert.equal(await who(sign({ components: ['@method', '@authority', '@target-uri', ...more] })), 'alice')
  assert.equal(
    await who(sign({ components: [...more, '@request-target', '@scheme', '@authority', '@method'] })),
    'alice',
  )
})

suite('a signature does not count, and the request goes no further', () => {
  const refused = async (signature: Record<string, string>, reason: RegExp, more = {}) => {
    const { status, body } = await ask(signature, more)
    assert.deepEqual([status, body.code], [403, 'proxy_not_proven'], reason.source)
    assert.match(body.detail!, reason)
  }
  const now = () => Math.floor(Date.now() / 1000)

  test('replayed', async () => {
    const once = sign()
    assert.equal(await who(once), 'alice')
    await refused(once, /nonce was used before/)
    await server.become({ proxies: [{ ...signed, name: 'edge' }] })
    await refused(once, /nonce was used before/)
    await server.become({ proxies: [signed, { ...signed, name: 'b', proof: { ...signed.proof, keyId: 'b' } }] })
    await refused(once, /nonce was used before/)
    await server.become({ proxies: [signed] })
    await refused(once, /nonce was used before/)
  })

  test('too old, from the future, expired, or without its time', async () => {
    await refused(sign({ parameters: { created: now() - 11 } }), /more than 10 s ago/)
    await refused(sign({ parameters: { created: now() + 30 } }), /in the future/)
    await refused(sign({ parameters: { expires: now() - 2 } }), /expired/)
    await refused(sign({ parameters: { created: null } }), /created is missing/)
    await refused(sign({ parameters: { created: 'now' } }), /created is missing/)
  })

  test('without a nonce, or with a short one', async () => {
    await refused(sign({ parameters: { nonce: null } }), /nonce/)
    await refused(sign({ parameters: { nonce: 'short' } }), /nonce/)
  })

  test('by another secret, another key, another algorithm', async () => {
    await refused(sign({ secret: `${secret}!` }), /does not verify/)
    await refused(sign({ keyId: 'other' }), /no proxy has that keyid/)
    await refused(sign({ parameters: { alg: 'hmac-sha512' } }), /alg/)
  })

  test('for another method, host or target, or without them', async () => {
    await refused(sign({ method: 'POST' }), /does not verify/)
    await refused(sign({ authority: 'other.example.org' }), /does not verify/)
    await refused(sign({ target: '/whoami?x=1' }), /does not verify/)
    await refused(sign({ target: '/other' }), /does not verify/)
    await refused(sign(), /does not verify/, { Host: 'localhost:1' })
    const more = ['client-cert', 'x-forwarded-for']
    await refused(sign({ components: ['@authority', '@target-uri', ...more] }), /@method is not covered/)
    await refused(sign({ components: ['@method', '@target-uri', ...more] }), /@authority is not covered/)
    await refused(sign({ components: ['@method', '@authority', '@path', ...more] }), /@query/)
    await refused(sign({ components: ['@method', '@authority', '@query', ...more] }), /@path/)
  })

  test('with another certificate, another address, or one field more than was there', async () => {
    await refused(sign(), /does not verify/, { 'Client-Cert': `:${bob.der.toString('base64')}:` })
    await refused(sign(), /does not verify/, { 'X-Forwarded-For': '192.0.2.2' })
    await refused(sign({ fields: { ...fields, 'X-Missing': '1' } }), /is not there/)
  })

  test('malformed, twice, or of two labels', async () => {
    const { Signature, 'Signature-Input': input } = sign() as { Signature: string; 'Signature-Input': string }
    await refused({ Signature, 'Signature-Input': `${input};` }, /malformed/)
    await refused({ Signature, 'Signature-Input': `${input}, ${input.replace('edge=', 'two=')}` }, /more than one/)
    await refused({ Signature, 'Signature-Input': `${input}, ${input}` }, /malformed/)
    await refused({ Signature: Signature.replace('edge=', 'other='), 'Signature-Input': input }, /no byte sequence/)
    await refused({ Signature: 'edge="text"', 'Signature-Input': input }, /no byte sequence/)
    await refused(
      { Signature: Signature.replace(/:$/, 'A:'), 'Signature-Input': input },
      /no byte sequence|does not verify/,
    )
    await refused({ 'Signature-Input': input } as Record<string, string>, /no byte sequence/)
    await refused({ Signature, 'Signature-Input': input.replace('"@path"', '"@path";req') }, /parameters/)
    await refused({ Signature, 'Signature-Input': input.replace('"@path"', '"@path" "@path"') }, /covered twice/)
  })
})

test('what the proxy did not sign is not its word', async () => {
  const only = { 'X-Forwarded-For': '192.0.2.1' }
  const { status, body } = await ask(sign({ fields: only }))
  assert.deepEqual([status, body.code], [400, 'bad_request'])
  assert.match(body.detail!, /client-cert .*not covered/)
  const noAddress = await ask(sign({ fields: { 'Client-Cert': value } }))
  assert.match(noAddress.body.detail!, /x-forwarded-for .*not covered/)
})

test('no signature for us: a client of its own, whose fields say nothing', async () => {
  assert.equal(await who({}), 'certificate_required')
  assert.equal(await who(sign({ parameters: { tag: 'app' } })), 'certificate_required')
  assert.equal(await who(sign({ parameters: { tag: null } })), 'certificate_required')
  const headers = { Host: authority, ...sign({ parameters: { tag: null } }) }
  assert.equal(await server.client(bob).whoami(headers), 'bob')
})

test('a signature for us beside one of the client', async () => {
  const theirs = sign({ parameters: { tag: 'app' }, label: 'client' }) as Record<string, string>
  const ours = sign() as Record<string, string>
  const both = Object.fromEntries(Object.keys(ours).map(name => [name, `${theirs[name]}, ${ours[name]}`]))
  assert.equal(await who(both), 'alice')
  const again = sign() as Record<string, string>
  const lines = Object.fromEntries(Object.keys(again).map(name => [name, [theirs[name]!, again[name]!]]))
  assert.equal(await who({}, lines), 'alice')
})

test('the address has to be one, and the last one counts', async () => {
  const withAddress = (address: string) => {
    const own = { 'Client-Cert': value, 'X-Forwarded-For': address }
    return who(sign({ fields: own }), own)
  }
  assert.equal(await withAddress('10.0.0.1, 192.0.2.9'), 'alice')
  assert.equal(await withAddress('[2001:db8::1]:1234'), 'alice')
  assert.equal(await withAddress('192.0.2.1:443'), 'alice')
  assert.equal(await withAddress('192.0.2.9, unknown'), 'bad_request')
  assert.equal(await withAddress('192.0.2.9,'), 'bad_request')
  const { 'X-Forwarded-For': _, ...without } = fields
  const { body } = await nobody.get({ Host: authority, ...without, ...sign({ fields: without }) })
  assert.match(body.detail!, /does not say the address/)
})
