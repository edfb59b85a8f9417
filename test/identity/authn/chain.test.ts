import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAllowList } from '../../../src/identity/authn/allow-list.ts'
import type { AuthenticationRequest, Authenticator, Outcome } from '../../../src/identity/authn/authenticator.ts'
import { type ChainPeer, createChain, type Decision } from '../../../src/identity/authn/chain.ts'
import { createMutualTls } from '../../../src/identity/authn/mutual-tls.ts'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { createBindings } from '../../../src/identity/bindings/create-bindings.ts'
import { bindingOptions } from '../../../src/identity/bindings/options.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import type { Judgement } from '../../../src/identity/trust/trust.ts'
import { refuse } from '../../../src/refusals.ts'
import { testAuthority } from '../../support/certificates.ts'
import { refusedJudgement, trustedJudgement, Users, userNameHeader } from '../../support/identity.ts'

const authority = testAuthority()
const anchors = [{ alias: 'ca', certificate: authority.certificate }]
const leaf = authority.issue()
const bound = (...users: string[]) =>
  reviewBindings([bindingOptions.parse({ thumbprint: leaf.thumbprint, users })], anchors).bindings

/** Passwords without passwords: `Test alice` is alice, `Test wrong` is refused. Counts how often it is asked. */
class TestScheme implements Authenticator {
  readonly name = 'test'
  readonly challenge = 'Test realm="countersign"'
  readonly claims = (authorization: string) => /^test /i.test(authorization)
  asked = 0

  authenticate({ headers, claimedBy, judgement }: AuthenticationRequest): Outcome {
    this.asked += 1
    if (claimedBy !== this.name)
      return { kind: 'abstain', hint: refuse('credentials_required', 'No credentials came.') }
    const user = String(headers.authorization).slice(5)
    if (user === 'wrong') return { kind: 'refuse', refusal: refuse('credentials_invalid', 'Wrong.') }
    const certificate = judgement?.certificate ?? null
    const principal = { user, tenant: 'default', roles: [], authenticatedBy: 'test', binding: null, certificate }
    return { kind: 'accept', principal }
  }
}

function setUp({
  order = 'certificate first' as 'certificate first' | 'certificate last',
  users = ['alice', 'ops'],
} = {}) {
  const epoch = createEpoch()
  const store = new Users()
    .set('alice', { roles: ['buyer'] })
    .set('ops')
    .set('admin')
  const bindings = createBindings({ configured: bound(...users), epoch })
  const scheme = new TestScheme()
  const mutualTls = (thumbprints?: readonly string[]) =>
    createMutualTls({
      allowList: createAllowList({ enabled: thumbprints !== undefined, thumbprints: [...(thumbprints ?? [])] }),
      bindings,
      users: store,
      usernameHeader: { name: 'UserName', encoding: 'base64' },
    })
  const ranked = (thumbprints?: readonly string[]) => [
    { authenticator: scheme, priority: 10 },
    { authenticator: mutualTls(thumbprints), priority: order === 'certificate first' ? 5 : 15 },
  ]
  const chain = createChain({ authenticators: ranked(), epoch, users: store })
  /** a connection: judges anew in each epoch, as the listener does */
  const connect = (
    judge: (at: number) => Judgement | undefined = at => trustedJudgement([leaf, authority], 'ca', at),
  ): ChainPeer => {
    let judgement: Judgement | undefined
    return {
      remoteAddress: '127.0.0.1',
      judgement() {
        if (judgement?.epoch !== epoch.value) judgement = judge(epoch.value)
        return judgement
      },
    }
  }
  const nobody = () => connect(() => undefined)
  return { epoch, store, bindings, scheme, chain, ranked, connect, nobody }
}

const say = (decision: Decision): string =>
  decision.ok ? `${decision.principal.user} by ${decision.principal.authenticatedBy}` : decision.refusal.code

test('the first that accepts or refuses decides, by priority', async () => {
  for (const order of ['certificate first', 'certificate last'] as const) {
    const { chain, connect, nobody } = setUp({ order })
    assert.deepEqual(chain.names, order === 'certificate first' ? ['mutual-tls', 'test'] : ['test', 'mutual-tls'])
    const ask = async (peer: ChainPeer, headers: AuthenticationRequest['headers'] = {}, require?: readonly string[]) =>
      say(await chain.authenticate({ headers, peer }, { require }))
    assert.equal(await ask(connect()), 'alice by mutual-tls')
    assert.equal(await ask(connect(), { username: userNameHeader('ops') }), 'ops by mutual-tls')
    assert.equal(await ask(nobody(), { authorization: 'Test admin' }), 'admin by test')
    // the explicit credential wins, right or wrong, whatever stands behind it
    assert.equal(await ask(connect(), { authorization: 'Test admin' }), 'admin by test')
    assert.equal(await ask(connect(), { authorization: 'test wrong' }), 'credentials_invalid')
    assert.equal(
      await ask(
        connect(at => refusedJudgement(leaf, 'certificate_expired', at)),
        { authorization: 'Test admin' },
      ),
      'admin by test',
    )
    assert.equal(await ask(connect(at => refusedJudgement(leaf, 'certificate_expired', at))), 'certificate_expired')
  }
})

test('only required authenticators count', async () => {
  const { chain, connect, nobody, scheme } = setUp()
  const ask = async (peer: ChainPeer, headers: AuthenticationRequest['headers'], require: readonly string[]) => {
    const decision = await chain.authenticate({ headers, peer }, { require })
    return decision.ok ? say(decision) : [decision.refusal.code, ...decision.challenges].join(' ')
  }
  const basic = { authorization: 'Test admin' }
  assert.equal(await ask(nobody(), basic, ['mutual-tls']), 'certificate_required')
  assert.equal(await ask(connect(), basic, ['mutual-tls']), 'alice by mutual-tls')
  assert.equal(scheme.asked, 0)
  assert.equal(await ask(connect(), {}, ['test']), 'credentials_required Test realm="countersign"')
  assert.equal(await ask(connect(), basic, ['test', 'mutual-tls']), 'admin by test')
  assert.throws(() => chain.authenticate({ headers: {}, peer: nobody() }, { require: ['saml'] }), {
    code: 'ERR_AUTHENTICATOR_UNKNOWN',
  })
  assert.throws(() => chain.authenticate({ headers: {}, peer: nobody() }, { require: [] }), {
    code: 'ERR_AUTHENTICATOR_UNKNOWN',
  })
})

test('when all abstain, what is missing is told, with the challenges of the others', async () => {
  for (const order of ['certificate first', 'certificate last'] as const) {
    const { chain, connect, nobody } = setUp({ order, users: ['*'] })
    const ask = async (peer: ChainPeer, headers: AuthenticationRequest['headers'] = {}) => {
      const decision = await chain.authenticate({ headers, peer })
      return decision.ok ? assert.fail('accepted') : decision
    }
    const missing = await ask(nobody())
    assert.equal(missing.refusal.code, 'certificate_required')
    assert.deepEqual(missing.challenges, ['Test realm="countersign"'])
    const unnamed = await ask(connect())
    assert.equal(unnamed.refusal.code, 'credentials_required')
    const foreign = await ask(nobody(), { authorization: 'Bearer secret-token' })
    assert.equal(foreign.refusal.code, 'certificate_required')
    assert.match(foreign.refusal.detail, /Authorization is of a kind that does not count here/)
    assert.doesNotMatch(foreign.refusal.detail, /secret-token/)
    assert.equal(
      (await ask(connect(), { authorization: ['Test admin', 'Test alice'] })).refusal.code,
      'credentials_invalid',
    )
  }
})

test('an Authorization header that nobody claims takes nothing from a certificate', async () => {
  const { chain, connect } = setUp()
  assert.equal(
    say(await chain.authenticate({ headers: { authorization: 'Bearer x' }, peer: connect() })),
    'alice by mutual-tls',
  )
  assert.equal(chain.claimedBy('Bearer x'), undefined)
  assert.equal(chain.claimedBy('test x'), 'test')
})

test('an authenticator that speaks in the name of another is a fault, not a way in', async () => {
  const { epoch, store, nobody } = setUp()
  const principal = {
    user: 'admin',
    tenant: 'default',
    roles: [],
    authenticatedBy: 'mutual-tls',
    binding: null,
    certificate: null,
  }
  const liar = {
    name: 'liar',
    challenge: undefined,
    claims: () => false,
    authenticate: () => ({ kind: 'accept' as const, principal }),
  }
  const chain = createChain({ authenticators: [{ authenticator: liar, priority: 1 }], epoch, users: store })
  assert.throws(() => chain.authenticate({ headers: {}, peer: nobody() }), /spoke for another/)
})

test('a chain without authenticators, or with two of one name, does not start', () => {
  const { epoch, store, scheme } = setUp()
  const start = (...priorities: number[]) =>
    createChain({
      authenticators: priorities.map(priority => ({ authenticator: scheme, priority })),
      epoch,
      users: store,
    })
  assert.throws(() => start(), { code: 'ERR_AUTHENTICATORS' })
  assert.throws(() => start(1, 2), { code: 'ERR_AUTHENTICATORS' })
})

test('a chain whose authenticators are all taken away lets nobody in, whatever is required and whoever was in', async () => {
  const { chain, connect, epoch } = setUp()
  const peer = connect(() => trustedJudgement([leaf, authority], 'ca', epoch.value))
  const required = chain.names.slice(0, 1)
  assert.ok((await chain.authenticate({ headers: {}, peer })).ok)
  chain.prepare([]).take()
  assert.deepEqual(chain.names, [])
  for (const options of [{}, { require: required }, { require: ['another'] }, { sessions: 'count' }] as const) {
    const decision = await chain.authenticate({ headers: {}, peer }, options)
    assert.deepEqual([decision.ok, !decision.ok && decision.refusal.code], [false, 'credentials_required'])
  }
  assert.equal(await chain.stillHolds(peer), false)
})

test('a known client is not looked up again, on this connection or the next, under any route', async () => {
  const { chain, connect, store, epoch } = setUp()
  const judgement = trustedJudgement([leaf, authority], 'ca', epoch.value)
  const [one, other] = [connect(() => judgement), connect(() => judgement)]
  const first = await chain.authenticate({ headers: {}, peer: one })
  assert.deepEqual([first.ok && first.first, store.asked], [true, 1])
  for (const [peer, isFirst] of [
    [one, false],
    [other, true],
    [other, false],
  ] as const) {
    for (const require of isFirst ? [undefined] : [undefined, ['mutual-tls'], ['mutual-tls', 'test']]) {
      const again = chain.authenticate({ headers: { authorization: 'Bearer for the upstream' }, peer }, { require })
      assert.ok(!(again instanceof Promise), 'a known client is there at once')
      assert.deepEqual([again.ok && again.first, again.ok && again.principal], [isFirst, first.ok && first.principal])
    }
  }
  assert.equal(store.asked, 1)
  // another name is another decision
  const ops = await chain.authenticate({ headers: { username: userNameHeader('ops') }, peer: one })
  assert.deepEqual([say(ops), ops.ok && ops.first], ['ops by mutual-tls', true])
  assert.equal(say(await chain.authenticate({ headers: {}, peer: one })), 'alice by mutual-tls')
  assert.equal(
    say(await chain.authenticate({ headers: { username: userNameHeader('admin') }, peer: one })),
    'certificate_not_bound',
  )
  assert.equal(say(await chain.authenticate({ headers: { username: '%' }, peer: one })), 'username_malformed')
})

test('what was remembered of one asserted name is never the answer to another', async () => {
  const { chain, connect, epoch } = setUp({ users: ['alice', 'ops'] })
  const judgement = trustedJudgement([leaf, authority], 'ca', epoch.value)
  const [peer, other] = [connect(() => judgement), connect(() => judgement)]
  for (let round = 0; round < 3; round++) {
    for (const one of [peer, other]) {
      const ask = async (assertedUser: string | undefined, headers = {}) =>
        say(await chain.authenticate({ headers, peer: one, assertedUser }))
      assert.equal(await ask('ops'), 'ops by mutual-tls')
      assert.equal(await ask('alice'), 'alice by mutual-tls')
      assert.equal(await ask('admin'), 'certificate_not_bound')
      assert.equal(await ask(''), 'username_malformed')
      assert.equal(await ask(undefined), 'alice by mutual-tls')
      assert.equal(await ask('ops', { username: userNameHeader('alice') }), 'alice by mutual-tls')
    }
  }
})

test('whoever came by an asserted name is asked for again by that name', async () => {
  const { chain, connect, bindings, store, epoch } = setUp({ users: ['alice', 'ops'] })
  const peer = connect()
  await chain.authenticate({ headers: {}, peer, assertedUser: 'ops' })
  bindings.replace(bound('alice', 'ops', 'admin'))
  assert.equal(await chain.stillHolds(peer), true)
  store.set('alice', { state: 'locked' })
  epoch.raise('users')
  assert.equal(await chain.stillHolds(peer), true, 'the default user is not the one who came')
  bindings.replace(bound('alice'))
  assert.partialDeepStrictEqual(await chain.lossOf(peer), { user: 'ops', code: 'certificate_not_bound' })
})

test('trust that moves while an asserted name is looked up does not make it another', async () => {
  const { chain, connect, store, epoch } = setUp({ users: ['alice', 'ops'] })
  const find = store.find
  store.find = async (tenant, name) => {
    store.find = find
    epoch.raise('users')
    epoch.raise('bindings')
    return find.call(store, tenant, name)
  }
  assert.equal(
    say(await chain.authenticate({ headers: {}, peer: connect(), assertedUser: 'ops' })),
    'ops by mutual-tls',
  )
})

test('a client with many names does not fill the memory, and each is answered rightly', async () => {
  const { chain, connect, store } = setUp({ users: ['*'] })
  const peer = connect()
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 30; i++) {
      store.set(`user${i}`)
      const decision = await chain.authenticate({ headers: { username: userNameHeader(`user${i}`) }, peer })
      assert.equal(say(decision), `user${i} by mutual-tls`)
    }
  }
  assert.ok(await chain.stillHolds(peer))
  for (let i = 30; i < 60; i++) {
    store.set(`user${i}`)
    await chain.authenticate({ headers: { username: userNameHeader(`user${i}`) }, peer })
  }
  assert.equal(await chain.stillHolds(peer), false, 'more principals than are kept: the connection is not vouched for')
})

test('whatever changes counts with the next request, and ends connections that relied on it', async () => {
  type SetUp = ReturnType<typeof setUp>
  const changes: readonly [string, (world: SetUp) => void, expected: string][] = [
    [
      'the user is locked',
      ({ store, epoch }) => {
        store.set('alice', { state: 'locked' })
        epoch.raise('users')
      },
      'account_locked',
    ],
    [
      'the tenant is made inactive',
      ({ store, epoch }) => {
        store.set('alice', { tenantState: 'inactive' })
        epoch.raise('users')
      },
      'tenant_inactive',
    ],
    [
      'the user is removed',
      ({ store, epoch }) => {
        store.delete('alice')
        epoch.raise('users')
      },
      'certificate_not_bound',
    ],
    [
      'the binding is removed',
      ({ bindings }) => bindings.replace(reviewBindings([], anchors).bindings),
      'certificate_not_bound',
    ],
    ['the binding names another user', ({ bindings }) => bindings.replace(bound('ops')), 'ops by mutual-tls'],
    [
      'the certificate is off the allow-list',
      ({ chain, ranked }) => chain.prepare(ranked([authority.thumbprint])).take(),
      'not_allow_listed',
    ],
    [
      'the authenticator is switched off',
      ({ chain, ranked }) => chain.prepare(ranked().slice(0, 1)).take(),
      'credentials_required',
    ],
    [
      'the user loses a role',
      ({ store, epoch }) => {
        store.set('alice')
        epoch.raise('users')
      },
      'alice by mutual-tls',
    ],
  ]
  const lost: Record<string, string> = {
    'the binding names another user': 'certificate_not_bound',
    'the user loses a role': 'forbidden',
  }
  for (const [name, change, expected] of changes) {
    const world = setUp()
    const { chain, connect } = world
    const peer = connect()
    assert.equal(say(await chain.authenticate({ headers: {}, peer })), 'alice by mutual-tls')
    assert.equal(await chain.stillHolds(peer), true)
    change(world)
    assert.equal(await chain.stillHolds(peer), false, name)
    const code = expected.includes(' by ') ? lost[name] : expected
    assert.partialDeepStrictEqual(await chain.lossOf(peer), { user: 'alice', tenant: 'default', code }, name)
    assert.equal(say(await chain.authenticate({ headers: {}, peer })), expected, name)
  }
})

test('a certificate that is not trusted any more ends the connections that it opened', async () => {
  const { chain, connect, epoch } = setUp()
  let revoked = false
  const peer = connect(at =>
    revoked ? refusedJudgement(leaf, 'certificate_revoked', at) : trustedJudgement([leaf, authority], 'ca', at),
  )
  await chain.authenticate({ headers: {}, peer })
  revoked = true
  epoch.raise('revocation')
  assert.equal(await chain.stillHolds(peer), false)
  assert.equal(say(await chain.authenticate({ headers: {}, peer })), 'certificate_revoked')
})

test('changes about others end nothing', async () => {
  const { chain, connect, nobody, store, epoch } = setUp()
  const [peer, stranger, refused] = [connect(), nobody(), nobody()]
  await chain.authenticate({ headers: {}, peer })
  await chain.authenticate({ headers: { authorization: 'Test admin' }, peer: stranger })
  await chain.authenticate({ headers: {}, peer: refused })
  store.set('ops', { state: 'locked' }).set('alice', { roles: ['buyer', 'seller'] })
  epoch.raise('users')
  for (const one of [peer, stranger, refused, connect()]) assert.equal(await chain.stillHolds(one), true)
})

test('whoever came by a password stays as long as the user does', async () => {
  for (const change of [
    (store: Users) => store.delete('admin'),
    (store: Users) => store.set('admin', { state: 'locked' }),
    (store: Users) => store.set('admin', { tenantState: 'inactive' }),
  ]) {
    const { chain, nobody, store, epoch } = setUp()
    const peer = nobody()
    await chain.authenticate({ headers: { authorization: 'Test admin' }, peer })
    change(store)
    epoch.raise('users')
    assert.equal(await chain.stillHolds(peer), false)
  }
})

test('what was decided while trust moved is asked for again, and not remembered', async () => {
  const { chain, connect, store, epoch } = setUp()
  const peer = connect()
  const find = store.find
  // the user is read, and locked before the answer arrives; whoever reviews the connections now finds nobody on this one
  store.find = async (tenant, name) => {
    const user = await find.call(store, tenant, name)
    store.find = find
    store.set('alice', { state: 'locked' })
    epoch.raise('users')
    assert.equal(await chain.stillHolds(peer), true)
    return user
  }
  assert.equal(say(await chain.authenticate({ headers: {}, peer })), 'account_locked')
  assert.equal(say(await chain.authenticate({ headers: {}, peer })), 'account_locked')
})

test('a judgement of another epoch is a fault, not a way in', () => {
  const { chain, epoch } = setUp()
  const stale = trustedJudgement([leaf, authority], 'ca', epoch.value - 1)
  const peer = { remoteAddress: '127.0.0.1', judgement: () => stale }
  assert.throws(() => chain.authenticate({ headers: {}, peer }), /another trust epoch/)
})
