import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { cookieValues } from '../../../src/identity/authn/cookies.ts'
import { createSessions } from '../../../src/identity/authn/sessions.ts'
import { testAuthority } from '../../support/certificates.ts'

const minute = 60_000
const authority = testAuthority()
const [mine, other] = [authority.issue().certificate, authority.issue().certificate]
const principal = {
  user: 'alice',
  tenant: 'default',
  roles: [],
  authenticatedBy: 'mutual-tls',
  binding: 'x',
  certificate: mine,
}

function setUp() {
  const clock = fixedClock(0)
  const sessions = createSessions(clock)
  const open = (change: Partial<typeof principal> = {}, cookie?: string) => {
    const set = sessions.open({ ...principal, ...change }, cookie)
    return set?.slice(0, set.indexOf(';'))
  }
  return { clock, sessions, open }
}

test('the cookie goes to no script, no other site and no connection in the clear', () => {
  const { sessions } = setUp()
  const set = sessions.open(principal, undefined)
  assert.match(set ?? '', /^JSESSIONID=[A-Za-z0-9_-]{32}; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  assert.notEqual(sessions.open(principal, undefined), set)
})

test('a session opens for its certificate, and for no other', () => {
  const { sessions, open } = setUp()
  const cookie = open()
  assert.partialDeepStrictEqual(sessions.find(mine, cookie), { user: 'alice', tenant: 'default' })
  assert.equal(sessions.find(other, cookie), undefined)
  for (const wrong of [undefined, '', 'JSESSIONID=', 'JSESSIONID', `${cookie}x`, cookie?.toLowerCase(), `x${cookie}`])
    assert.equal(sessions.find(mine, wrong), undefined)
  assert.equal(sessions.find(mine, [cookie!, cookie!]), undefined, 'a field that came twice')
})

test('it is found among other cookies, those of its name included', () => {
  const { sessions, open } = setUp()
  const cookie = open()
  assert.ok(sessions.find(mine, `a=b; JSESSIONID=0123456789ABCDEF0123456789ABCDEF.node1; ${cookie}; c`))
  assert.deepEqual(cookieValues('x=1; JSESSIONID=a;JSESSIONID = b ; JSESSIONIDX=c; jsessionid=d; =e', 'JSESSIONID'), [
    'a',
    'b',
  ])
  assert.equal(cookieValues('s=1;'.repeat(100), 's').length, 4)
})

test('it ends after a quarter of an hour without a request', () => {
  const { sessions, clock, open } = setUp()
  const cookie = open()
  clock.set(14 * minute)
  assert.ok(sessions.find(mine, cookie))
  clock.set(28 * minute)
  assert.ok(sessions.find(mine, cookie))
  assert.equal(sessions.find(other, cookie), undefined)
  clock.set(43 * minute)
  assert.equal(sessions.find(mine, cookie), undefined)
  assert.equal(sessions.size, 0)
})

test('a stranger who has the cookie neither keeps it alive nor ends it', () => {
  const { sessions, clock, open } = setUp()
  const cookie = open()
  clock.set(14 * minute)
  sessions.find(other, cookie)
  sessions.close(other, cookie)
  assert.equal(sessions.open({ ...principal, certificate: other }, cookie) === undefined, false)
  assert.ok(sessions.find(mine, cookie))
  clock.set(29 * minute)
  sessions.find(other, cookie)
  assert.equal(sessions.find(mine, cookie), undefined)
})

test('logging out ends it, and makes the client forget it', () => {
  const { sessions, open } = setUp()
  const cookie = open()
  assert.equal(sessions.close(mine, cookie), 'JSESSIONID=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict')
  assert.equal(sessions.find(mine, cookie), undefined)
  assert.match(sessions.close(undefined, cookie), /Max-Age=0/)
})

test('only what the certificate proved opens one', () => {
  const { sessions } = setUp()
  for (const change of [{ authenticatedBy: 'basic' }, { authenticatedBy: 'session' }, { certificate: null }])
    assert.equal(sessions.open({ ...principal, ...change }, undefined), undefined)
  assert.equal(sessions.size, 0)
})

test('who has one gets no other, and who becomes another user leaves the first', () => {
  const { sessions, open } = setUp()
  const cookie = open()
  assert.equal(open({}, cookie), undefined)
  const ops = open({ user: 'ops' }, cookie)
  assert.equal(sessions.find(mine, ops)?.user, 'ops')
  assert.equal(sessions.find(mine, cookie), undefined)
  assert.equal(sessions.size, 1)
})

test('an identifier from outside never becomes a session', () => {
  const { sessions, open } = setUp()
  const planted = `JSESSIONID=${'A'.repeat(32)}`
  const cookie = open({}, planted)
  assert.ok(cookie !== undefined && cookie !== planted)
  assert.equal(sessions.find(mine, planted), undefined)
})

test('their number is bounded, for each client and for all', () => {
  const { sessions, clock, open } = setUp()
  const first = open()
  const others = Array.from({ length: 9 }, (_, i) => {
    clock.set(i)
    return open()
  })
  assert.equal(sessions.size, 8)
  assert.equal(sessions.find(mine, first), undefined)
  assert.ok(sessions.find(mine, others.at(-1)))
  for (let i = 0; i < 11_000; i++) open({ user: `user${i}` })
  assert.equal(sessions.size, 10_000)
})
