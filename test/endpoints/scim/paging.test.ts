import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import type { Context } from '../../../src/endpoints/scim/context.ts'
import { scimOptions } from '../../../src/endpoints/scim/options.ts'
import { searchOfQuery } from '../../../src/endpoints/scim/request/search-request.ts'
import { searchUsers } from '../../../src/endpoints/scim/search.ts'
import type { Directory } from '../../../src/identity/users/directory.ts'
import { fold } from '../../../src/storage/fold.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { openScim, userBody } from '../../support/scim.ts'

const count = 10_000
const server = await openScim({ limits: { maxConcurrent: 1 } })
const admin = server.as('admin')

before(async () => {
  const storage = await openStorage({ kind: 'sqlite', file: join(server.home.folder, 'data/users.db') })
  const row = (i: number) => {
    const name = `user-${String(i).padStart(5, '0')}`
    return {
      id: `id-${i}`,
      tenant: 'default',
      name,
      folded: fold(name),
      state: 'active' as const,
      created: 1,
      modified: 1,
    }
  }
  await storage.change('users', async transaction => {
    for (let i = 0; i < count; i += 500) {
      const rows = Array.from({ length: 500 }, (_, j) => row(i + j))
      await transaction.insertInto('users').values(rows).execute()
    }
  })
  await storage.close()
})

test('ten thousand users come page by page, each once and in order', async () => {
  const filter = encodeURIComponent('userName sw "user-"')
  const names: string[] = []
  for (let startIndex = 1; startIndex <= count; startIndex += 1000) {
    const { body } = await admin(
      'GET',
      `/Users?filter=${filter}&startIndex=${startIndex}&count=1000&attributes=userName`,
    )
    assert.equal(body.totalResults, count)
    names.push(...body.Resources.map(({ userName }: { userName: string }) => userName))
  }
  assert.equal(new Set(names).size, count)
  assert.deepEqual(names, names.toSorted())
})

test('a page is one search, and no more users than are on it are read', async () => {
  const { directory } = server.home
  const read: number[] = []
  const watched: Directory = {
    ...directory,
    users: {
      ...directory.users,
      async search(tenant, search) {
        const found = await directory.users.search(tenant, search)
        read.push(found.entries.length)
        return found
      },
    },
  }
  const context: Context = {
    principal: {
      user: 'admin',
      tenant: 'default',
      roles: [],
      authenticatedBy: 'test',
      binding: null,
      certificate: null,
    },
    tenant: 'default',
    base: 'https://localhost/scim2',
    directory: watched,
    events: { userChanged() {}, roleChanged() {} },
    limits: scimOptions.parse({}).limits,
    examine: async () => undefined,
  }
  for (const query of [
    { filter: 'userName sw "user-" and not (title eq "x")', count: '10', startIndex: '9000' },
    { sortBy: 'userName', sortOrder: 'descending', count: '3' },
    { filter: 'emails[type eq "work"] or active eq true', count: '0' },
  ]) {
    const { body } = await searchUsers(context, searchOfQuery(new Map(Object.entries(query) as [string, string][])))
    assert.ok((body as { totalResults: number }).totalResults >= count)
  }
  assert.deepEqual(read, [10, 3, 0])
})

test('more requests at a time than are taken are told to come again', async () => {
  const answers = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      admin('POST', '/Users', { body: userBody(`hashed-${i}`, { password: 'takes a while' }) }),
    ),
  )
  const refused = answers.filter(({ status }) => status === 429)
  assert.ok(refused.length > 0 && refused.length < 4)
  for (const { headers, body } of refused)
    assert.deepEqual([headers['retry-after'], body.code], ['1', 'too_many_requests'])
  assert.equal((await admin('GET', '/Users?count=1')).status, 200)
})
