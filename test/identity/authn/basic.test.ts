import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TenantNames } from '../../../src/identity/authn/asserted-tenant.ts'
import type { AuthenticationRequest, Principal } from '../../../src/identity/authn/authenticator.ts'
import { createBasic } from '../../../src/identity/authn/basic.ts'
import { basicOptions } from '../../../src/identity/authn/basic-options.ts'
import type { Judgement } from '../../../src/identity/trust/trust.ts'
import type { LoginAttempt, LoginResult } from '../../../src/identity/users/password-login.ts'
import { selfSigned } from '../../support/certificates.ts'

const user = {
  id: '1',
  tenant: 'default',
  name: 'alice',
  roles: ['buyer'],
  state: 'active',
  tenantState: 'active',
} as const

function basic(result: LoginResult, tenants?: TenantNames) {
  const attempts: LoginAttempt[] = []
  const throttled: unknown[] = []
  const authenticator = createBasic({
    login: async attempt => {
      attempts.push(attempt)
      return result
    },
    realm: 'Countersign',
    tenant: 'default',
    ...(tenants && { tenants }),
    onThrottled: event => throttled.push(event),
  })
  const authenticate = (authorization?: string | string[], judgement?: Judgement) =>
    authenticator.authenticate({
      headers: { authorization },
      judgement,
      remoteAddress: '192.0.2.1',
    } as AuthenticationRequest)
  return { authenticator, attempts, throttled, authenticate }
}

const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test('without a Basic credential it abstains, and hashes nothing', async () => {
  const { authenticate, attempts, authenticator } = basic({ kind: 'accepted', user })
  for (const authorization of [undefined, '', 'Bearer abc', 'Basically YTpi', ['Basic YTpi', 'Basic YTpi']]) {
    assert.deepEqual(await authenticate(authorization), { kind: 'abstain' })
  }
  assert.deepEqual(attempts, [])
  assert.equal(authenticator.claims('bAsIc YTpi') && authenticator.claims('Basic'), true)
  assert.equal(authenticator.claims('Bearer YTpi') || authenticator.claims('BasicYTpi'), false)
})

test('the challenge names the realm and UTF-8, and the realm cannot break out of it', () => {
  assert.equal(basic({ kind: 'wrong' }).authenticator.challenge, 'Basic realm="Countersign", charset="UTF-8"')
  for (const realm of ['a"b', 'a\\b', 'a\r\nb', '', 'é', 'x'.repeat(101)]) {
    assert.equal(basicOptions.safeParse({ realm }).success, false, realm)
  }
})

test('the credential goes to the login as it was sent, with the address', async () => {
  const { authenticate, attempts } = basic({ kind: 'wrong' })
  await authenticate(header('alice:a:b'))
  assert.deepEqual(attempts, [{ tenant: 'default', name: 'alice', password: 'a:b', remoteAddress: '192.0.2.1' }])
})

test('the name tells the tenant where it is to, and half a name is nobody’s', async () => {
  const { authenticate, attempts } = basic({ kind: 'wrong' }, 'suffix')
  for (const name of ['alice', 'alice@carbon.super', 'bob@Partner.example', 'bob@'])
    await authenticate(header(`${name}:x`))
  assert.deepEqual(
    attempts.map(({ tenant, name }) => [tenant, name]),
    [
      ['default', 'alice'],
      ['default', 'alice'],
      ['partner.example', 'bob'],
      ['default', 'bob@'],
    ],
  )
  const { principal } = (await basic(
    { kind: 'accepted', user: { ...user, tenant: 'partner.example' } },
    'suffix',
  ).authenticate(header('alice@partner.example:x'))) as { principal: Principal }
  assert.deepEqual([principal.user, principal.tenant], ['alice', 'partner.example'])
})

test('a malformed credential is refused, and never tried', async () => {
  const { authenticate, attempts } = basic({ kind: 'accepted', user })
  for (const authorization of ['Basic', 'Basic !', header('alice'), header(':secret')]) {
    const outcome = await authenticate(authorization)
    assert.equal(outcome.kind === 'refuse' && outcome.refusal.code, 'credentials_invalid', authorization)
  }
  assert.deepEqual(attempts, [])
})

for (const [result, code] of [
  [{ kind: 'wrong' }, 'credentials_invalid'],
  [{ kind: 'locked', what: 'account' }, 'account_locked'],
  [{ kind: 'locked', what: 'tenant' }, 'tenant_inactive'],
  [{ kind: 'throttled', retryAfterSeconds: 7 }, 'attempts_throttled'],
] as const) {
  test(`${JSON.stringify(result)}: ${code}, and the password is nowhere in the refusal`, async () => {
    const { authenticate, throttled } = basic(result)
    const outcome = await authenticate(header('alice:hunter2'))
    assert.ok(outcome.kind === 'refuse' && outcome.refusal.code === code)
    assert.doesNotMatch(JSON.stringify(outcome), /hunter2|alice/)
    assert.equal(outcome.refusal.retryAfterSeconds, result.kind === 'throttled' ? 7 : undefined)
    assert.equal(throttled.length, result.kind === 'throttled' ? 1 : 0)
  })
}

test('who is let in is the stored user; a certificate goes along only when it is trusted', async () => {
  const { authenticate } = basic({ kind: 'accepted', user })
  const { certificate } = selfSigned()
  const principal = { user: 'alice', tenant: 'default', roles: ['buyer'], authenticatedBy: 'basic', binding: null }
  const judged = (ok: boolean) => ({ certificate, verdict: { ok }, epoch: 1, validUntil: 0 }) as unknown as Judgement
  assert.deepEqual(await authenticate(header('alice:x')), {
    kind: 'accept',
    principal: { ...principal, certificate: null },
  })
  assert.deepEqual(await authenticate(header('alice:x'), judged(true)), {
    kind: 'accept',
    principal: { ...principal, certificate },
  })
  assert.deepEqual(await authenticate(header('alice:x'), judged(false)), {
    kind: 'accept',
    principal: { ...principal, certificate: null },
  })
})
