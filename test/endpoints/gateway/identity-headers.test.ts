import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityHeaders } from '../../../src/endpoints/gateway/identity-headers.ts'
import type { Principal } from '../../../src/identity/authn/authenticator.ts'
import type { Judgement } from '../../../src/identity/trust/trust.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { refuse } from '../../../src/refusals.ts'
import { testAuthority } from '../../support/certificates.ts'

const root = testAuthority()
const middle = root.intermediate()
const leaf = parseCertificate(middle.issue().der)
const stranger = parseCertificate(middle.issue().der)
const issuers = [parseCertificate(middle.der), parseCertificate(root.der)]

const trusted: Judgement = {
  certificate: leaf,
  verdict: {
    ok: true,
    path: [leaf, ...issuers],
    anchor: { alias: 'root', certificate: issuers[1]! },
    pinned: false,
    validUntil: Number.MAX_SAFE_INTEGER,
  },
  epoch: 1,
  validUntil: Number.MAX_SAFE_INTEGER,
}
const untrusted: Judgement = { ...trusted, verdict: { ...refuse('certificate_expired', 'Over.'), certificate: leaf } }

const alice: Principal = {
  user: 'alice',
  tenant: 'default',
  roles: ['buyer', 'a,b'],
  authenticatedBy: 'mutual-tls',
  binding: 'thumbprint',
  certificate: leaf,
}

const headersOf = (
  principal: Principal,
  judgement: Judgement | undefined,
  clientCertificate: 'send' | 'send-chain' | 'omit',
) => {
  const flat = identityHeaders(principal, judgement, { clientCertificate })
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]))
}
const bytes = (der: Buffer) => `:${der.toString('base64')}:`

test('user, tenant, roles, and the certificate as RFC 9440 has it', () => {
  assert.deepEqual(headersOf(alice, trusted, 'send-chain'), {
    'x-forwarded-user': 'alice',
    'x-forwarded-tenant': 'default',
    'x-forwarded-roles': 'buyer,a%2Cb',
    'client-cert': bytes(leaf.raw),
    'client-cert-chain': bytes(issuers[0]!.raw),
  })
  assert.deepEqual(Object.keys(headersOf(alice, trusted, 'send')).at(-1), 'client-cert')
  assert.ok(!('client-cert' in headersOf(alice, trusted, 'omit')))
})

test('no certificate that did not prove the user, or that is not trusted', () => {
  for (const [principal, judgement] of [
    [{ ...alice, binding: null, authenticatedBy: 'basic' }, trusted],
    [{ ...alice, certificate: null }, trusted],
    [{ ...alice, certificate: stranger }, trusted],
    [alice, untrusted],
    [alice, undefined],
  ] as const) {
    assert.deepEqual(Object.keys(headersOf(principal, judgement, 'send-chain')), [
      'x-forwarded-user',
      'x-forwarded-tenant',
      'x-forwarded-roles',
    ])
  }
})
