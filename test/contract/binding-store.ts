import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { isCoded } from '../../src/errors.ts'
import { type BindingOptions, bindingOptions } from '../../src/identity/bindings/options.ts'
import { selectorOf } from '../../src/identity/bindings/selector.ts'
import { createSqlBindingStore } from '../../src/identity/bindings/sql-binding-store.ts'
import type { FreshDatabase } from '../support/storages.ts'

const binding = (written: object): BindingOptions => bindingOptions.parse(written)
const thumbprint = 'ab'.repeat(32)

/** What every kind of binding store does. */
export function bindingStoreContract(kind: string, fresh: FreshDatabase): void {
  describe(`bindings: ${kind}`, () => {
    const opened: { close(): Promise<void> }[] = []
    after(() => Promise.all(opened.map(storage => storage.close())))

    async function open(database = fresh()) {
      const storage = await database()
      opened.push(storage)
      return { storage, store: createSqlBindingStore(storage, systemClock) }
    }

    test('a binding is found by any spelling of what it looks for, and comes back as it was written', async () => {
      const { store } = await open()
      const written = binding({ thumbprint: thumbprint.toUpperCase(), users: ['alice', 'ops'], tenant: 'default' })
      const { id } = await store.add(written)
      await store.add(binding({ san: { email: 'bob@Example.org' }, anchor: 'Partners', user: { from: 'san.email' } }))
      const find = async (...selectors: Parameters<typeof selectorOf>[]) =>
        (await store.find(selectors.map(selector => selectorOf(...selector)))).map(({ options }) => options)
      assert.deepEqual(await find(['thumbprint', thumbprint]), [written])
      assert.equal((await find(['email', 'bob@example.org'], ['thumbprint', thumbprint], ['anchor', 'x'])).length, 2)
      assert.deepEqual(await find(['dns', 'example.org'], ['upn', 'bob@example.org']), [])
      assert.deepEqual(await find(), [])
      assert.deepEqual(await store.remove(id), { label: `thumbprint ${thumbprint.slice(0, 16)}…`, tenant: 'default' })
      assert.equal(await store.remove(id), undefined)
      assert.deepEqual(await find(['thumbprint', thumbprint]), [])
    })

    test('a second binding that looks for the same is refused, whatever it says', async () => {
      const { store } = await open()
      await store.add(binding({ subject: 'CN=alice,O=X', users: ['alice'] }))
      await assert.rejects(store.add(binding({ subject: 'cn=alice, O=X', users: ['bob'] })), error =>
        isCoded(error, 'ERR_BINDING_EXISTS'),
      )
      await store.add(binding({ subject: 'CN=alice,O=X', anchor: 'partners', users: ['bob'] }))
      assert.equal((await store.list()).length, 2)
    })

    test('what cannot be compiled is never stored', async () => {
      const { store } = await open()
      await assert.rejects(store.add(binding({ thumbprint: 'xyz', users: ['a'] })), error =>
        isCoded(error, 'ERR_BINDING_SELECTOR'),
      )
      await assert.rejects(store.add(binding({ anchor: 'x', user: { from: 'subject.CN', match: '(a)' } })), error =>
        isCoded(error, 'ERR_BINDING_PATTERN'),
      )
      assert.deepEqual(await store.list(), [])
    })

    test('a row that is damaged binds nobody, and says which it is', async () => {
      const { store, storage } = await open()
      const { id } = await store.add(binding({ thumbprint, users: ['alice'] }))
      await storage.change('bindings', transaction =>
        transaction.updateTable('bindings').set({ options: '{"users":["*"]}' }).execute(),
      )
      await assert.rejects(
        store.find([selectorOf('thumbprint', thumbprint)]),
        error => isCoded(error, 'ERR_BINDING_STORED') && error.message.includes(id),
      )
      assert.equal((await store.remove(id))?.label, `thumbprint ${thumbprint}`)
      assert.deepEqual(await store.find([selectorOf('thumbprint', thumbprint)]), [])
    })

    test('the list comes in pages, in the order in which bindings were added', async () => {
      const { store } = await open()
      const ids: string[] = []
      for (let i = 0; i < 7; i++)
        ids.push((await store.add(binding({ san: { dns: `h${i}.example` }, users: ['a'] }))).id)
      const seen: string[] = []
      for (let last: string | undefined; ; ) {
        const page = await store.list({ limit: 3, ...(last === undefined ? {} : { after: last }) })
        if (page.length === 0) break
        seen.push(...page.map(({ id }) => id))
        last = page.at(-1)!.id
      }
      assert.deepEqual(seen.toSorted(), ids.toSorted())
      assert.equal(new Set(seen).size, 7)
    })

    test('what one process adds, another finds at once and is told of', async () => {
      const database = fresh()
      const here = await open(database)
      const there = await open(database)
      const told = new Promise<void>(resolve => there.storage.changes.subscribe('bindings', resolve))
      await here.store.add(binding({ thumbprint, users: ['alice'] }))
      assert.equal((await there.store.find([selectorOf('thumbprint', thumbprint)])).length, 1)
      await told
    })

    test('text that no database stores finds nothing, and is no failure', async () => {
      const { store } = await open()
      await store.add(binding({ san: { upn: 'alice@example.org' }, users: ['alice'] }))
      const upn = (value: string) => ({ kind: 'upn' as const, value })
      assert.deepEqual(await store.find([upn('alice@example.org\0')]), [])
      assert.equal((await store.find([upn('\ud800'), upn('alice@example.org')])).length, 1)
    })

    test('many certificates that are looked up at once cost few queries; each finds its own bindings, oldest first', async () => {
      const { storage } = await open()
      const db = storage.db
      let queries = 0
      const counting = new Proxy(db, {
        get(target, name) {
          if (name === 'executeQuery') queries += 1
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      const store = createSqlBindingStore({ ...storage, db: counting }, systemClock)
      for (let i = 0; i < 20; i++) {
        await store.add(binding({ san: { dns: `h${i}.example` }, users: [`user${i}`] }))
        await store.add(binding({ san: { dns: `h${i}.example` }, anchor: 'a', users: [`other${i}`] }))
      }
      await store.add(binding({ anchor: 'a', users: ['everyone'] }))
      queries = 0
      const found = await Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          store.find([
            selectorOf('anchor', 'a'),
            selectorOf('dns', `h${i}.example`),
            selectorOf('dns', `h${i}.example`),
          ]),
        ),
      )
      assert.equal(queries, 4)
      for (const [i, bindings] of found.entries()) {
        const users = bindings.map(({ options }) => options.users?.[0])
        assert.deepEqual(users.toSorted(), i < 20 ? ['everyone', `other${i}`, `user${i}`] : ['everyone'])
        const ages = bindings.map(({ created }) => created)
        assert.deepEqual(ages, ages.toSorted())
      }
    })

    test('more names than a query takes are looked for in several, and a damaged row fails only those that it is about', async () => {
      const { storage, store } = await open()
      await store.add(binding({ san: { dns: 'h7.49.example' }, users: ['alice'] }))
      const { id } = await store.add(binding({ thumbprint, users: ['bob'] }))
      await storage.change('bindings', transaction =>
        transaction.updateTable('bindings').set({ options: '{}' }).where('id', '=', id).execute(),
      )
      const found = await Promise.allSettled([
        store.find([selectorOf('thumbprint', thumbprint)]),
        ...Array.from({ length: 200 }, (_, i) =>
          store.find(Array.from({ length: 200 }, (_, k) => selectorOf('dns', `h${i}.${k}.example`))),
        ),
      ])
      assert.equal(found[0]?.status, 'rejected')
      const lengths = found.slice(1).map(each => (each.status === 'fulfilled' ? each.value.length : each.reason))
      assert.deepEqual(
        lengths,
        Array.from({ length: 200 }, (_, i) => (i === 7 ? 1 : 0)),
      )
    })
  })
}
