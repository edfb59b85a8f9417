import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { compileAccess } from '../../../src/identity/access/access.ts'
import { createAllowList } from '../../../src/identity/authn/allow-list.ts'
import type { Authenticator } from '../../../src/identity/authn/authenticator.ts'
import { type ChainPeer, type ChainRequest, createChain, type Decision } from '../../../src/identity/authn/chain.ts'
import { createMutualTls } from '../../../src/identity/authn/mutual-tls.ts'
import { createSession } from '../../../src/identity/authn/session.ts'
import { createSessions } from '../../../src/identity/authn/sessions.ts'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { createBindings } from '../../../src/identity/bindings/create-bindings.ts'
import { bindingOptions } from '../../../src/identity/bindings/options.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import type { Judgement } from '../../../src/identity/trust/trust.ts'
import { testAuthority } from '../../support/certificates.ts'
import { refusedJudgement, trustedJudgement, Users, userNameHeader } from '../../support/identity.ts'

const authority = testAuthority()
const anchors = [{ alias: 'ca', certificate: authority.certificate }]
const [leaf, other] = [authority.issue(), authority.issue()]
const bound = (...users: string[]) => reviewBindings([bindingOptions.parse({ anchor: 'ca', users })], anchors).bindings
const password: Authenticator = {
  name: 'basic',
  challenge: 'Basic',
  claims: authorization => authorization.startsWith('Basic '),
  authenticate: ({ claimedBy, judgement }) =>
    claimedBy === 'basic'
      ? {
          kind: 'accept',
          principal: {
            user: 'admin',
            tenant: 'default',
            roles: [],
            authenticatedBy: 'basic',
            binding: null,
            certificate: judgement?.certificate ?? null,
          },
        }
      : { kind: 'abstain' },
}

/** A client with a certificate whose default user is alice, who may be ops too, and who came as ops. */
async function setUp() {
  const clock = fixedClock(0)
  const epoch = createEpoch()
  const users = new Users()
    .set('alice')
    .set('ops', { roles: ['buyer'] })
    .set('admin')
  const bindings = createBindings({ configured: bound('alice', 'ops'), epoch })
  const sessions = createSessions(clock)
  const usernameHeader = { name: 'UserName', encoding: 'base64' } as const
  const ranked = (thumbprints?: string[]) => {
    const allowList = createAllowList({ enabled: thumbprints !== undefined, thumbprints: thumbprints ?? [] })
    const mutualTls = createMutualTls({ allowList, bindings, users, usernameHeader })
    return [
      { authenticator: password, priority: 10 },
      { authenticator: mutualTls, priority: 5 },
      { authenticator: createSession({ sessions, mutualTls }), priority: -1 },
    ]
  }
  const chain = createChain({ authenticators: ranked(), epoch, users })
  const state = { judge: (at: number): Judgement | undefined => trustedJudgement([leaf, authority], 'ca', at) }
  const connect = (judge?: (at: number) => Judgement | undefined): ChainPeer => {
    let judgement: Judgement | undefined
    return {
      remoteAddress: '127.0.0.1',
      judgement() {
        if (judgement?.epoch !== epoch.value) judgement = (judge ?? state.judge)(epoch.value)
        return judgement
      },
    }
  }
  const ask = async (request: Partial<ChainRequest>, sessionsCount: 'count' | 'ignore' = 'count') =>
    say(await chain.authenticate({ headers: {}, peer: connect(), ...request }, { sessions: sessionsCount }))
  const came = await chain.authenticate({ headers: { username: userNameHeader('ops') }, peer: connect() })
  assert.ok(came.ok)
  const cookie = sessions.open(came.principal, undefined)?.split(';')[0]
  return { clock, epoch, users, bindings, sessions, ranked, chain, connect, ask, state, headers: { cookie } }
}

const say = (decision: Decision): string =>
  decision.ok ? `${decision.principal.user} by ${decision.principal.authenticatedBy}` : decision.refusal.code

test('with the cookie alone the client is who it was, on any connection with its certificate', async () => {
  const { ask, headers, connect } = await setUp()
  const peer = connect()
  for (let i = 0; i < 2; i++) assert.equal(await ask({ headers, peer }), 'ops by session')
  assert.equal(await ask({ headers }), 'ops by session')
  assert.equal(await ask({}), 'alice by mutual-tls')
})

test('it opens nothing without a certificate, with another one, or with one that is not trusted', async () => {
  const { ask, headers, connect } = await setUp()
  assert.equal(await ask({ headers, peer: connect(() => undefined) }), 'certificate_required')
  // the other certificate is bound to the same users: it is alice by itself, and never ops by a cookie of another's
  const stranger = connect(at => trustedJudgement([other, authority], 'ca', at))
  assert.equal(await ask({ headers, peer: stranger }), 'alice by mutual-tls')
  const untrusted = connect(at => refusedJudgement(leaf, 'certificate_revoked', at))
  assert.equal(await ask({ headers, peer: untrusted }), 'certificate_revoked')
})

test('whatever names a user or brings a credential goes before it', async () => {
  const { ask, headers } = await setUp()
  const named = (name: string) => ({ headers: { ...headers, username: userNameHeader(name) } })
  assert.equal(await ask(named('alice')), 'alice by mutual-tls')
  assert.equal(await ask(named('admin')), 'certificate_not_bound')
  assert.equal(await ask({ headers: { ...headers, username: '%' } }), 'username_malformed')
  assert.equal(await ask({ headers, assertedUser: 'alice' }), 'alice by mutual-tls')
  assert.equal(await ask({ headers, assertedUser: '' }), 'username_malformed')
  assert.equal(await ask({ headers: { ...headers, authorization: 'Basic x' } }), 'admin by basic')
  assert.equal(await ask({ headers: { ...headers, authorization: 'Bearer x' } }), 'alice by mutual-tls')
})

test('it counts only where the endpoint says so, and never as another proof', async () => {
  const { ask, headers, chain, connect } = await setUp()
  assert.equal(await ask({ headers }, 'ignore'), 'alice by mutual-tls')
  assert.equal(say(await chain.authenticate({ headers, peer: connect() })), 'alice by mutual-tls')
  assert.deepEqual(chain.names, ['mutual-tls', 'basic'])
  assert.throws(() => compileAccess({ require: ['session'] }, chain.names), { code: 'ERR_AUTHENTICATOR_UNKNOWN' })
  const request = { headers, peer: connect() }
  assert.throws(() => chain.authenticate(request, { require: ['session'] }), { code: 'ERR_AUTHENTICATOR_UNKNOWN' })
  const counting = (...require: string[]) => chain.authenticate(request, { require, sessions: 'count' })
  assert.equal(say(await counting('mutual-tls')), 'alice by mutual-tls')
  assert.equal(say(await counting('mutual-tls', 'session')), 'ops by session')
  const bySession = await counting('session')
  assert.ok(bySession.ok)
  const route = compileAccess({ require: ['mutual-tls'] }, chain.names)
  assert.equal(route.check(bySession.principal)?.code, 'forbidden')
})

test('when what it stands on is gone, it is too, and the certificate tells why', async () => {
  type World = Awaited<ReturnType<typeof setUp>>
  const changes: readonly [string, (world: World) => void, string][] = [
    [
      'the user is locked',
      ({ users, epoch }) => {
        users.set('ops', { state: 'locked' })
        epoch.raise('users')
      },
      'ops',
    ],
    [
      'the tenant is made inactive',
      ({ users, epoch }) => {
        users.set('ops', { tenantState: 'inactive' })
        epoch.raise('users')
      },
      'ops',
    ],
    [
      'the user is removed',
      ({ users, epoch }) => {
        users.delete('ops')
        epoch.raise('users')
      },
      'ops',
    ],
    ['the binding names others', ({ bindings }) => bindings.replace(bound('alice', 'admin')), 'ops'],
    ['the allow-list is without it', ({ chain, ranked }) => chain.prepare(ranked([other.thumbprint])).take(), ''],
    [
      'the certificate is revoked',
      ({ state, epoch }) => {
        state.judge = at => refusedJudgement(leaf, 'certificate_revoked', at)
        epoch.raise('revocation')
      },
      '',
    ],
    ['logout', ({ sessions, headers }) => sessions.close(leaf.certificate, headers.cookie), 'logout'],
    ['a quarter of an hour', ({ clock }) => clock.set(15 * 60_000), 'logout'],
  ]
  for (const [name, change, what] of changes) {
    const world = await setUp()
    const { ask, chain, sessions, headers, connect, bindings, users, epoch, state, ranked } = world
    const peer = connect()
    assert.equal(await ask({ headers, peer }), 'ops by session', name)
    change(world)
    assert.equal(await chain.stillHolds(peer), what === 'logout', `${name}: the open connection`)
    const answer = await ask({ headers, peer })
    assert.ok(!answer.includes('session'), `${name}: ${answer}`)
    assert.equal(sessions.size, 0, name)
    // and what comes back later does not bring it back
    users.set('ops')
    state.judge = at => trustedJudgement([leaf, authority], 'ca', at)
    bindings.replace(bound('alice', 'ops'))
    chain.prepare(ranked()).take()
    epoch.raise('users')
    assert.equal(await ask({ headers }), 'alice by mutual-tls', name)
  }
})

test('what changes about others, and what is added, leaves it alone', async () => {
  const { ask, headers, users, bindings, epoch, chain, connect, ranked } = await setUp()
  const peer = connect()
  await ask({ headers, peer })
  users.set('alice', { state: 'locked' }).set('ops', { roles: ['buyer', 'seller'] })
  epoch.raise('users')
  bindings.replace(bound('admin', 'alice', 'ops'))
  epoch.raise('anchors')
  chain.prepare(ranked([leaf.thumbprint])).take()
  assert.equal(await chain.stillHolds(peer), true)
  assert.equal(await ask({ headers, peer }), 'ops by session')
})

test('a user who loses a role loses the connection, and goes on with the roles that are left', async () => {
  const { ask, headers, users, epoch, chain, connect } = await setUp()
  const peer = connect()
  await ask({ headers, peer })
  users.set('ops')
  epoch.raise('users')
  assert.partialDeepStrictEqual(await chain.lossOf(peer), { user: 'ops', code: 'forbidden' })
  const decision = await chain.authenticate({ headers, peer }, { sessions: 'count' })
  assert.deepEqual(decision.ok && decision.principal.roles, [])
})

test('trust that moves while the session is asked about counts', async () => {
  const { ask, headers, users, epoch, connect, chain } = await setUp()
  const find = users.find
  users.find = async (tenant, name) => {
    const user = await find.call(users, tenant, name)
    users.find = find
    users.set('ops', { state: 'locked' })
    epoch.raise('users')
    return user
  }
  const peer = connect()
  assert.equal(await ask({ headers, peer }), 'alice by mutual-tls')
  assert.equal(await chain.stillHolds(peer), false, 'it had come as ops for a moment')
})
