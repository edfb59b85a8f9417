import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describePrincipal } from '../../src/endpoints/whoami.ts'
import { parseCertificate } from '../../src/pki/x509/certificate.ts'
import { testAuthority } from '../support/certificates.ts'
import { ask, ask2, connect2, openFront } from './gateway/front.ts'

const authority = testAuthority({ name: 'Test CA' })

test('every member of the principal, the certificate in words that people can compare', () => {
  const issued = authority.issue({
    subject: 'CN=alice,O=Example',
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2036-01-01T00:00:00Z',
    serialNumber: 0x00fe,
    san: [
      { email: 'alice@example.org' },
      { dns: 'alice.example.org' },
      { uri: 'spiffe://example.org/alice' },
      { ip: '192.0.2.7' },
      { ip: '2001:db8::1' },
      { upn: 'alice@corp.example' },
    ] as never,
  })
  const certificate = parseCertificate(issued.der)
  const principal = {
    user: 'alice',
    tenant: 'default',
    roles: ['buyer'],
    authenticatedBy: 'mutual-tls',
    binding: `thumbprint ${issued.thumbprint}`,
    certificate,
  }
  assert.deepEqual(JSON.parse(JSON.stringify(describePrincipal(principal))), {
    user: 'alice',
    tenant: 'default',
    roles: ['buyer'],
    authenticatedBy: 'mutual-tls',
    binding: `thumbprint ${issued.thumbprint}`,
    certificate: {
      subject: certificate.subject.toString(),
      issuer: 'CN=Test CA',
      serialNumber: issued.serialNumber,
      thumbprint: issued.thumbprint,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2036-01-01T00:00:00.000Z',
      subjectAltNames: [
        'email:alice@example.org',
        'dns:alice.example.org',
        'uri:spiffe://example.org/alice',
        'ip:192.0.2.7',
        'ip:2001:db8::1',
        'upn:alice@corp.example',
      ],
    },
  })
})

test('without a certificate there is none to tell of', () => {
  const principal = {
    user: 'admin',
    tenant: 'default',
    roles: [],
    authenticatedBy: 'basic',
    binding: null,
    certificate: null,
  }
  assert.deepEqual(describePrincipal(principal), principal)
})

const front = await openFront([], { clientAuth: 'want' })
const alice = front.client('alice')
const admin = { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` }

test('over both versions of HTTP, for a certificate and for a password; never for a cache', async () => {
  const reply = await ask(front, alice, '/whoami')
  assert.equal(reply.status, 200)
  assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
  assert.equal(reply.headers['cache-control'], 'no-store')
  const document = JSON.parse(reply.body.toString())
  assert.deepEqual(
    [document.user, document.authenticatedBy, document.certificate.subject],
    ['alice', 'mutual-tls', 'CN=alice'],
  )
  const session = connect2(front, alice)
  try {
    assert.deepEqual((await ask2(session, '/whoami')).body, reply.body)
  } finally {
    session.close()
  }
  const byPassword = JSON.parse((await ask(front, undefined, '/whoami', { headers: admin })).body.toString())
  assert.deepEqual([byPassword.user, byPassword.authenticatedBy, byPassword.certificate], ['admin', 'basic', null])
  const head = await ask(front, alice, '/whoami', { method: 'HEAD' })
  assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [200, 0, String(reply.body.length)])
})

test('a name beyond ASCII comes back whole', async () => {
  const reply = await ask(front, front.client('Zoë'), '/whoami')
  assert.equal(JSON.parse(reply.body.toString()).user, 'Zoë')
  assert.equal(reply.headers['content-length'], String(reply.body.length))
})

test('nobody without a proof, and the challenge says which would do', async () => {
  const reply = await ask(front, undefined, '/whoami')
  assert.equal(reply.status, 401)
  assert.equal(reply.headers['www-authenticate'], 'Basic realm="test"')
  assert.equal(JSON.parse(reply.body.toString()).code, 'certificate_required')
})
