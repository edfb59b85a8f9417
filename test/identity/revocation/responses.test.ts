import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { createFetcher } from '../../../src/identity/revocation/fetch.ts'
import type { ListFetched } from '../../../src/identity/revocation/lists.ts'
import { Responses } from '../../../src/identity/revocation/responses.ts'
import { indexCrls } from '../../../src/pki/path/crl-set.ts'
import { baseTime, testAuthority } from '../../support/certificates.ts'
import { ocspFailure, ocspResponse } from '../../support/ocsp.ts'
import { web } from '../../support/web.ts'

const site = await web()
const authority = testAuthority({ name: 'Clients CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const fetcher = createFetcher({ timeout: 1000, allowedHosts: undefined, privateAddresses: 'allow' })
after(() => fetcher[Symbol.asyncDispose]())
const hour = 3_600_000
const question = { certificate: alice.certificate, issuer: authority.certificate, url: `${site.url}/ocsp` }

function responses(capacity = 10) {
  const clock = fixedClock(baseTime)
  const told: ListFetched[] = []
  const worse = { count: 0 }
  const made = new Responses({
    fetcher,
    clock,
    capacity,
    nonce: 'omit',
    configured: [],
    lists: { crls: indexCrls([]) },
    onWorse: () => worse.count++,
    onFetched: event => told.push(event),
  })
  after(() => made.stop())
  return { made, clock, told, worse }
}

let say: () => Buffer | number = () => 500
for (const path of ['/ocsp', '/ocsp/*']) {
  site.pages.set(path, (_, __, response) => {
    const answer = say()
    if (typeof answer === 'number') response.writeHead(answer).end()
    else response.end(answer)
  })
}
const good = (at: number) => () => ocspResponse(alice, authority, { thisUpdate: at, nextUpdate: at + hour })
const revoked = (at: number) => () =>
  ocspResponse(alice, authority, { status: 'revoked', thisUpdate: at, nextUpdate: at + hour })

/** Waits for what `tick` began. */
async function settled(count: number, told: readonly ListFetched[]): Promise<void> {
  for (const end = Date.now() + 3000; told.length < count && Date.now() < end; ) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  assert.equal(told.length, count)
}

test('an answer is asked for once by many, renewed ahead of its end, and its change for the worse is told', async () => {
  site.asked.length = 0
  say = good(baseTime)
  const { made, clock, told, worse } = responses()
  await Promise.all(Array.from({ length: 50 }, () => made.want(question)))
  assert.equal(site.asked.length, 1)
  assert.equal(made.response(question).answer?.status, 'good')
  clock.set(baseTime + 0.5 * hour)
  made.tick()
  assert.equal(site.asked.length, 1, 'not yet')
  clock.set(baseTime + 0.8 * hour)
  say = revoked(clock.now())
  made.tick()
  await settled(2, told)
  assert.equal(made.response(question).answer?.status, 'revoked')
  assert.equal(worse.count, 1)
})

test('what nobody asks about any more is not renewed, and forgotten at its end', async () => {
  say = good(baseTime)
  const { made, clock, told } = responses()
  await made.want(question)
  for (const [at, asked] of [
    [0.8, 2],
    [1.7, 2],
    [2.9, 2],
  ] as const) {
    say = good(clock.now())
    clock.set(baseTime + at * hour)
    made.tick()
    await settled(asked, told)
  }
  assert.equal(made.response(question).answer, undefined)
})

// Kong 3.4 and 3.5: a network failure kept as a verdict
test('a failure is no answer: the one before holds until its end, and nothing is made of none', async () => {
  const { made, clock, told } = responses()
  say = () => 503
  await made.want(question)
  assert.equal(made.response(question).answer, undefined)
  assert.match(made.response(question).failure!.why, /503/)
  say = good(baseTime)
  clock.set(baseTime + 10_000)
  await made.want(question)
  assert.deepEqual([made.response(question).answer?.status, made.response(question).failure], ['good', undefined])
  const bad: readonly (() => Buffer | number)[] = [
    () => 404,
    () => ocspFailure(3),
    () => Buffer.from('<html>'),
    () => Buffer.alloc(0),
    () => ocspResponse(alice, authority, { status: 'revoked', thisUpdate: baseTime, signer: testAuthority() }),
    // replayed from before
    () => ocspResponse(alice, authority, { thisUpdate: baseTime - hour, nextUpdate: baseTime + hour }),
  ]
  for (const one of bad) {
    say = one
    const before = told.length
    await made.want(question)
    assert.equal(told[before]!.outcome, 'failed')
    assert.equal(made.response(question).answer?.status, 'good')
  }
})

test('a responder that takes POST only is asked by POST', async () => {
  site.asked.length = 0
  say = good(baseTime)
  site.pages.set('/ocsp/*', (_, __, response) => void response.writeHead(405).end())
  const { made } = responses()
  await made.want(question)
  assert.equal(made.response(question).answer?.status, 'good')
  assert.deepEqual(site.asked.at(-1), 'POST /ocsp')
})

test('so many answers are kept and no more', async () => {
  site.pages.set('/many/*', (_, __, response) => response.end(good(baseTime)()))
  const { made } = responses(3)
  for (let i = 0; i < 6; i++) await made.want({ ...question, url: `${site.url}/many/${i}` })
  const kept = Array.from({ length: 6 }, (_, i) => made.response({ ...question, url: `${site.url}/many/${i}` }).answer)
  assert.equal(kept.filter(answer => answer !== undefined).length, 3)
})
