import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { compileAccess } from '../../../src/identity/access/access.ts'
import { routeAccessFields } from '../../../src/identity/access/options.ts'
import type { Principal } from '../../../src/identity/authn/authenticator.ts'

const schema = z.strictObject(routeAccessFields)
const enabled = ['mutual-tls', 'basic']
const access = (written: object) => compileAccess(schema.parse(written), enabled)
const who = (over: Partial<Principal> = {}): Principal => ({
  user: 'alice',
  tenant: 'default',
  roles: ['buyer'],
  authenticatedBy: 'mutual-tls',
  binding: null,
  certificate: null,
  ...over,
})

test('a route without a rule is for everyone who was identified', () => {
  assert.equal(access({}).check(who({ tenant: 'partner', roles: [] })), undefined)
  assert.equal(access({}).require, undefined)
})

test('a rule lets in its users and its roles, and nobody else', () => {
  const rules: readonly [object, Partial<Principal>, boolean][] = [
    [{ roles: ['buyer'] }, {}, true],
    [{ roles: ['buyer'] }, { roles: ['seller', 'buyer'] }, true],
    [{ roles: ['buyer'] }, { roles: [] }, false],
    [{ roles: ['buyer'] }, { roles: ['Buyer'] }, false],
    [{ roles: ['buyer'] }, { user: 'buyer', roles: [] }, false],
    [{ users: ['alice'] }, { roles: [] }, true],
    [{ users: ['alice'] }, { user: 'bob' }, false],
    [{ users: ['alice'] }, { user: 'bob', roles: ['alice'] }, false],
    [{ users: ['alice'], roles: ['seller'] }, { user: 'bob', roles: ['seller'] }, true],
    [{ users: ['alice'], roles: ['seller'] }, { user: 'bob', roles: [] }, false],
    // the same name in another tenant is somebody else
    [{ users: ['alice'] }, { tenant: 'partner' }, false],
    [{ roles: ['buyer'] }, { tenant: 'partner' }, false],
    [{ roles: ['buyer'], tenants: ['partner'] }, { tenant: 'partner' }, true],
    [{ roles: ['buyer'], tenants: ['partner'] }, {}, false],
  ]
  for (const [allow, over, may] of rules) {
    const refusal = access({ allow }).check(who(over))
    assert.equal(refusal === undefined, may, JSON.stringify([allow, over]))
    if (!may) assert.equal(refusal?.code, 'forbidden')
  }
})

test('a proof that does not count on the route is not let in, even when it got as far', () => {
  const route = access({ require: ['mutual-tls'] })
  assert.deepEqual(route.require, ['mutual-tls'])
  assert.equal(route.check(who()), undefined)
  assert.equal(route.check(who({ authenticatedBy: 'basic' }))?.code, 'forbidden')
})

test('a rule that names nobody, or an authenticator that is not enabled, is refused at the start', () => {
  for (const written of [
    { allow: {} },
    { allow: { roles: [] } },
    { allow: { users: [] } },
    { allow: { tenants: ['x'] } },
    { allow: { role: ['buyer'] } },
    { require: [] },
  ])
    assert.equal(schema.safeParse(written).success, false, JSON.stringify(written))
  assert.throws(() => access({ require: ['mutual_tls'] }), { code: 'ERR_AUTHENTICATOR_UNKNOWN' })
})
