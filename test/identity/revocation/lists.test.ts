import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fixedClock } from '../../../src/clock.ts'
import { createFetcher } from '../../../src/identity/revocation/fetch.ts'
import { keptCopies } from '../../../src/identity/revocation/kept-copies.ts'
import { type ListFetched, Lists, type ListsSource } from '../../../src/identity/revocation/lists.ts'
import { baseTime, day, testAuthority } from '../../support/certificates.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { web } from '../../support/web.ts'

const site = await web()
const authority = testAuthority({ name: 'Clients CA' })
const issuers = [authority.certificate]
const fetcher = createFetcher({ timeout: 1000, allowedHosts: undefined, privateAddresses: 'allow' })
after(() => fetcher[Symbol.asyncDispose]())
const url = `${site.url}/ca.crl`
const minute = 60_000

function lists(more: Partial<ListsSource> = {}) {
  const clock = fixedClock(baseTime)
  const told: ListFetched[] = []
  const changes = { count: 0 }
  const folder = join(scratchFolder(), 'copies')
  const made = new Lists({
    places: { files: [], folders: [] },
    files: [],
    urls: [],
    issuers,
    fetcher,
    copies: keptCopies(folder),
    maxBytes: 1_000_000,
    maxRemembered: 3,
    refresh: 10 * minute,
    clock,
    onChange: () => changes.count++,
    onFetched: event => told.push(event),
    ...more,
  })
  after(() => made.stop())
  const numbers = () =>
    made.crls.issuedBy(authority.certificate.subject).map(crl => crl.extensions.get('2.5.29.20')?.value.at(-1))
  return { made, clock, told, changes, folder, numbers }
}

test('one fetch for many who wait, and conditional requests after it', async () => {
  site.asked.length = 0
  const seen: unknown[] = []
  site.pages.set('/ca.crl', (request, _, response) => {
    seen.push(request.headers['if-none-match'])
    if (request.headers['if-none-match'] === '"one"') return void response.writeHead(304).end()
    response.setHeader('etag', '"one"').end(authority.crl())
  })
  const { made, clock, told, changes } = lists()
  assert.equal(made.list(url), undefined)
  await Promise.all(Array.from({ length: 20 }, () => made.want(url, issuers)))
  assert.equal(made.list(url), 'loaded')
  clock.set(baseTime + 11 * minute)
  assert.equal(made.list(url), undefined, 'it is time to ask again')
  await made.want(url, issuers)
  assert.deepEqual(seen, [undefined, '"one"'])
  assert.deepEqual(
    told.map(({ outcome }) => outcome),
    ['loaded', 'unchanged'],
  )
  assert.equal(changes.count, 1)
})

test('the last good copy is kept, for its owner only, and counts when nobody answers after a restart', async () => {
  site.pages.set('/ca.crl', authority.crl())
  const first = lists()
  await first.made.want(url, issuers)
  const [file] = readdirSync(first.folder)
  assert.equal(statSync(join(first.folder, file!)).mode & 0o777, 0o600)
  site.pages.delete('/ca.crl')
  const second = lists({ copies: keptCopies(first.folder) })
  await second.made.want(url, issuers)
  assert.equal(second.numbers().length, 1)
  assert.match((second.made.list(url) as { why: string }).why, /404/)
})

test('the wait doubles with each failure, and a success ends it', async () => {
  site.pages.delete('/ca.crl')
  const { made, clock } = lists()
  let now = baseTime
  let before = 0
  for (let i = 0; i < 5; i++) {
    await made.want(url, issuers)
    const { retryAt } = made.list(url) as { retryAt: number }
    assert.ok(retryAt - now > before, 'longer than before')
    before = retryAt - now
    now = retryAt
    clock.set(now)
  }
  site.pages.set('/ca.crl', authority.crl())
  await made.want(url, issuers)
  assert.equal(made.list(url), 'loaded')
})

test('neither an older list nor one that nobody we know has signed takes the place of a good one', async () => {
  const { made, clock, numbers } = lists()
  const serve = async (octets: Buffer) => {
    site.pages.set('/ca.crl', octets)
    clock.set(clock.now() + 20 * minute)
    await made.want(url, issuers)
  }
  await serve(authority.crl([], { number: 5 }))
  const newest = () =>
    made.crls.issuedBy(authority.certificate.subject).toSorted((a, b) => b.thisUpdate - a.thisUpdate)[0]!
  await serve(authority.crl([], { number: 4, thisUpdate: baseTime - 5 * day }))
  assert.equal(newest().extensions.get('2.5.29.20')?.value.at(-1), 5)
  await serve(testAuthority({ name: 'Clients CA' }).crl([], { number: 6, thisUpdate: baseTime }))
  assert.ok(numbers().includes(5), 'the good one is still there')
  await serve(authority.crl([], { number: 7, thisUpdate: baseTime }))
  assert.deepEqual(numbers(), [7])
})

test('so many addresses are remembered and no more', async () => {
  site.pages.set('/many/*', authority.crl())
  const { made, folder } = lists()
  for (let i = 0; i < 10; i++) await made.want(`${site.url}/many/${i}`, issuers)
  assert.equal(made.crls.issuedBy(authority.certificate.subject).length, 3)
  assert.ok(readdirSync(folder).length <= 4)
})

test('a list that is out of date is asked for again soon', async () => {
  site.pages.set('/ca.crl', authority.crl([], { thisUpdate: baseTime - 3 * day, nextUpdate: baseTime - day }))
  const { made } = lists()
  await made.want(url, issuers)
  assert.match((made.list(url) as { why: string }).why, /out of date/)
})
