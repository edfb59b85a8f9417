import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitTenant, type TenantNames } from '../../../src/identity/authn/asserted-tenant.ts'

const say = (name: string, how: TenantNames): string => {
  const named = splitTenant(name, how)
  return named.kind === 'user' ? `${named.user} of ${named.tenant ?? 'any'}` : 'malformed'
}

test('the name tells nothing of a tenant, after its last @, or where it is no e-mail address', () => {
  for (const [name, none, suffix, email] of [
    ['alice', 'alice of any', 'alice of default', 'alice of default'],
    ['alice@carbon.super', 'alice@carbon.super of any', 'alice of default', 'alice of default'],
    ['alice@Carbon.Super', 'alice@Carbon.Super of any', 'alice of default', 'alice of default'],
    ['bob@partner.example', 'bob@partner.example of any', 'bob of partner.example', 'bob@partner.example of default'],
    ['bob@Partner.EXAMPLE', 'bob@Partner.EXAMPLE of any', 'bob of partner.example', 'bob@Partner.EXAMPLE of default'],
    [
      'bob@mail.example@partner.example',
      'bob@mail.example@partner.example of any',
      'bob@mail.example of partner.example',
      'bob@mail.example of partner.example',
    ],
    [
      'bob@mail.example@carbon.super',
      'bob@mail.example@carbon.super of any',
      'bob@mail.example of default',
      'bob@mail.example of default',
    ],
  ] as const) {
    assert.equal(say(name, 'none'), none)
    assert.equal(say(name, 'suffix'), suffix)
    assert.equal(say(name, 'suffix-email'), email)
  }
})

test('half a name is none, and the first tenant has no second name', () => {
  for (const name of ['alice@', '@', '@partner.example', '@carbon.super', 'alice@default', 'alice@DEFAULT'])
    assert.equal(say(name, 'suffix'), 'malformed', name)
  for (const name of ['alice@a b', 'alice@-a', 'alice@a_b', 'alice@bücher', 'alice@a/../b', `alice@${'a'.repeat(64)}`])
    assert.equal(say(name, 'suffix'), 'malformed', name)
  for (const name of ['a@b@', 'a@@', 'a@b@default', '@carbon.super'])
    assert.equal(say(name, 'suffix-email'), 'malformed', name)
})
