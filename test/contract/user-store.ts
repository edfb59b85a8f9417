import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../../src/errors.ts'
import type { UserStore } from '../../src/identity/users/user.ts'

export interface OpenUserStore {
  readonly store: UserStore
  /** another view on the same users, as another process has it */
  readonly other: UserStore
  close(): Promise<void>
}

/** What every kind of user store does. `open` gives an empty one; each test uses names of its own. */
export function userStoreContract(kind: string, open: () => Promise<OpenUserStore>): void {
  describe(`user store: ${kind}`, () => {
    let opened: OpenUserStore
    let store: UserStore
    let other: UserStore
    before(async () => {
      opened = await open()
      store = opened.store
      other = opened.other
    })
    after(() => opened.close())

    const tenant = 'default'
    const coded = (code: string) => (error: unknown) => isCoded(error, code)

    test('a user that was added is found, with roles in order and once each', async () => {
      const alice = await store.add({ tenant, name: 'alice', roles: ['buyer', 'auditor', 'buyer'] })
      assert.deepEqual(
        { ...alice, id: '' },
        { id: '', tenant, name: 'alice', roles: ['auditor', 'buyer'], state: 'active', tenantState: 'active' },
      )
      assert.deepEqual(await store.find(tenant, 'alice'), alice)
      assert.deepEqual(await other.find(tenant, 'alice'), alice)
    })

    test('names are compared exactly: case, accents and spaces count, and nothing is a wildcard', async () => {
      await store.add({ tenant, name: 'José' })
      await store.add({ tenant, name: 'josé' })
      assert.equal((await store.find(tenant, 'José'))?.name, 'José')
      for (const name of [
        'JOSÉ',
        'Jose',
        'José ',
        'José'.normalize('NFD'),
        'Jos_',
        'Jos%',
        '%',
        '*',
        '',
        "' or 1=1 --",
        'José\0',
      ]) {
        assert.equal(await store.find(tenant, name), undefined, JSON.stringify(name))
        assert.deepEqual(await store.checkPassword(tenant, name, 'password'), { kind: 'wrong' })
      }
    })

    test('users that are asked for at once are each found by their own name and tenant, or not at all', async () => {
      await store.addTenant('crowd.example')
      for (let i = 0; i < 5; i++) await store.add({ tenant, name: `crowd${i}`, roles: ['a', `role${i}`] })
      const here = await store.add({ tenant: 'crowd.example', name: 'crowd1', roles: ['z'] })
      const asked = Array.from({ length: 600 }, (_, i) => [tenant, i === 9 ? 'crowd\0' : `crowd${i}`] as const)
      const [there, nowhere, ...found] = await Promise.all([
        other.find('crowd.example', 'crowd1'),
        other.find('nowhere.example', 'crowd1'),
        ...asked.map(([each, name]) => other.find(each, name)),
      ])
      assert.deepEqual(there, here)
      assert.equal(nowhere, undefined)
      for (const [i, user] of found.entries()) {
        assert.equal(user?.name, i < 5 ? `crowd${i}` : undefined)
        assert.deepEqual(user?.roles, i < 5 ? ['a', `role${i}`] : undefined)
      }
    })

    test('the same name is another user in another tenant', async () => {
      assert.equal(await store.addTenant('partner.example'), true)
      assert.equal(await store.addTenant('partner.example'), false)
      const here = await store.add({ tenant, name: 'twin', password: 'the one here' })
      const there = await store.add({ tenant: 'partner.example', name: 'twin', password: 'the one there' })
      assert.notEqual(here.id, there.id)
      assert.equal((await store.find('partner.example', 'twin'))?.id, there.id)
      assert.deepEqual(await store.checkPassword(tenant, 'twin', 'the one there'), { kind: 'wrong' })
      await store.setState('partner.example', 'twin', 'locked')
      assert.equal((await store.find(tenant, 'twin'))?.state, 'active')
      await assert.rejects(store.add({ tenant: 'nowhere', name: 'twin' }), coded('ERR_TENANT_UNKNOWN'))
      await assert.rejects(store.addTenant('../etc'), coded('ERR_TENANT_NAME'))
    })

    test('a name that exists is refused and changes nothing; so does whoever is unknown', async () => {
      await store.add({ tenant, name: 'first', roles: ['buyer'], password: 'first password' })
      await assert.rejects(
        store.add({ tenant, name: 'first', roles: ['admin'], password: 'another password' }),
        coded('ERR_USER_EXISTS'),
      )
      assert.deepEqual((await store.find(tenant, 'first'))?.roles, ['buyer'])
      assert.equal((await store.checkPassword(tenant, 'first', 'first password')).kind, 'right')
      for (const change of [
        () => store.remove(tenant, 'ghost'),
        () => store.setPassword(tenant, 'ghost', 'some password'),
        () => store.setState(tenant, 'ghost', 'locked'),
        () => store.setRoles(tenant, 'ghost', []),
      ]) {
        await assert.rejects(change(), coded('ERR_USER_UNKNOWN'))
      }
    })

    test('two who add the same name at once: one does', async () => {
      const results = await Promise.allSettled(
        [store, other, store, other].map(each => each.add({ tenant, name: 'contested' })),
      )
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.ok(results.every(result => result.status === 'fulfilled' || isCoded(result.reason, 'ERR_USER_EXISTS')))
    })

    test('names that would look like another, or mean something, are refused', async () => {
      const unfit = [
        '',
        '*',
        ' alice',
        'alice ',
        'a\nb',
        'a\0b',
        'a\u202eb',
        'a\u200bb',
        'e\u0301',
        '\ud800',
        'x'.repeat(256),
      ]
      for (const name of unfit)
        await assert.rejects(store.add({ tenant, name }), coded('ERR_USER_NAME'), JSON.stringify(name))
      for (const role of ['', 'a,b', 'a\r\nb']) {
        await assert.rejects(store.add({ tenant, name: 'roles', roles: [role] }), coded('ERR_ROLE_NAME'))
      }
      assert.equal(await store.find(tenant, 'roles'), undefined)
    })

    test('a password opens, and only that one; spaces and accents do not depend on the keyboard', async () => {
      await store.add({ tenant, name: 'typist', password: 'pässword\u00a0: 密码 🔑' })
      const kinds = async (password: string) => (await store.checkPassword(tenant, 'typist', password)).kind
      assert.equal(await kinds('pässword : 密码 🔑'), 'right')
      assert.equal(await kinds('pässword : 密码 🔑'.normalize('NFD')), 'right')
      for (const wrong of ['Pässword : 密码 🔑', 'pässword : 密码', 'pässword : 密码 🔑 ', '', 'x'.repeat(5000)]) {
        assert.equal(await kinds(wrong), 'wrong', wrong.slice(0, 20))
      }
      for (const unfit of ['', 'a\nb', 'x'.repeat(1025)]) {
        await assert.rejects(store.setPassword(tenant, 'typist', unfit), coded('ERR_PASSWORD_UNFIT'))
      }
      assert.equal(await kinds('pässword : 密码 🔑'), 'right', 'what was refused changed nothing')
    })

    test('the new password opens, the old one no more, here and elsewhere', async () => {
      await store.add({ tenant, name: 'changer', password: 'old password' })
      await other.setPassword(tenant, 'changer', 'new password')
      assert.equal((await store.checkPassword(tenant, 'changer', 'old password')).kind, 'wrong')
      assert.equal((await store.checkPassword(tenant, 'changer', 'new password')).kind, 'right')
    })

    test('without a password none opens', async () => {
      await store.add({ tenant, name: 'certificate only' })
      for (const password of ['', ' ', 'undefined', 'null']) {
        assert.equal((await store.checkPassword(tenant, 'certificate only', password)).kind, 'wrong')
      }
    })

    test('that an account is locked is told only after the right password', async () => {
      await store.add({ tenant, name: 'locked', password: 'right password' })
      await store.setState(tenant, 'locked', 'locked')
      assert.equal((await store.find(tenant, 'locked'))?.state, 'locked')
      assert.deepEqual(await store.checkPassword(tenant, 'locked', 'wrong password'), { kind: 'wrong' })
      assert.deepEqual(await store.checkPassword(tenant, 'locked', 'right password'), {
        kind: 'locked',
        what: 'account',
      })
      await store.setState(tenant, 'locked', 'active')
      assert.equal((await store.checkPassword(tenant, 'locked', 'right password')).kind, 'right')
    })

    test('whoever is removed is gone, and who gets the name later is somebody else', async () => {
      const before = await store.add({ tenant, name: 'leaver', roles: ['buyer'], password: 'leaving soon' })
      await store.remove(tenant, 'leaver')
      assert.equal(await store.find(tenant, 'leaver'), undefined)
      assert.equal((await store.checkPassword(tenant, 'leaver', 'leaving soon')).kind, 'wrong')
      const later = await store.add({ tenant, name: 'leaver' })
      assert.notEqual(later.id, before.id)
      assert.deepEqual(later.roles, [])
      assert.equal((await store.checkPassword(tenant, 'leaver', 'leaving soon')).kind, 'wrong')
    })

    test('roles are replaced as a whole', async () => {
      await store.add({ tenant, name: 'promoted', roles: ['buyer'] })
      await store.setRoles(tenant, 'promoted', ['seller', 'auditor'])
      assert.deepEqual((await store.find(tenant, 'promoted'))?.roles, ['auditor', 'seller'])
      await store.setRoles(tenant, 'promoted', [])
      assert.deepEqual((await store.find(tenant, 'promoted'))?.roles, [])
      await assert.rejects(store.setRoles(tenant, 'promoted', ['ok', '']), coded('ERR_ROLE_NAME'))
    })

    test('pages give everyone once, with what an administrator looks for', async () => {
      await store.addTenant('pages')
      const added = ['d', 'a', 'é', 'c', 'B', 'a b', 'e']
      for (const name of added) await store.add({ tenant: 'pages', name, roles: [`of ${name}`] })
      await store.setPassword('pages', 'c', 'some password')
      const seen: string[] = []
      for (let after: string | undefined, more = true; more; more = after !== undefined) {
        const page = await store.list('pages', { after, limit: 3 })
        assert.ok(page.users.length <= 3)
        for (const user of page.users) {
          seen.push(user.name)
          assert.deepEqual(user.roles, [`of ${user.name}`])
          assert.equal(user.passwordChanged !== undefined, user.name === 'c')
          assert.ok(user.created > 0)
        }
        after = page.next
      }
      assert.deepEqual(seen.toSorted(), added.toSorted())
      assert.deepEqual(await store.list('no such tenant'), { users: [], next: undefined })
      assert.equal(JSON.stringify(await store.list('pages')).includes('argon2'), false)
    })

    test('every change raises the version here at once and elsewhere within a second, and is found when it is told', async () => {
      const changes: [string, () => Promise<unknown>, unknown][] = [
        ['add', () => store.add({ tenant, name: 'watched', password: 'watched word' }), 'active, '],
        ['setRoles', () => store.setRoles(tenant, 'watched', ['buyer']), 'active, buyer'],
        ['setState', () => store.setState(tenant, 'watched', 'locked'), 'locked, buyer'],
        ['setPassword', () => store.setPassword(tenant, 'watched', 'another word'), 'locked, buyer'],
        ['remove', () => store.remove(tenant, 'watched'), 'nobody'],
      ]
      await other.find(tenant, 'watched')
      for (const [what, change, expected] of changes) {
        const [here, there] = [store.version, other.version]
        const told = Promise.withResolvers<void>()
        const unsubscribe = other.onChange(told.resolve)
        await change()
        assert.ok(store.version > here, what)
        await Promise.race([
          told.promise,
          sleep(1000, undefined, { ref: false }).then(() => assert.fail(`${what} was not told`)),
        ])
        unsubscribe()
        assert.ok(other.version > there, what)
        for (const view of [store, other]) {
          const user = await view.find(tenant, 'watched')
          assert.equal(user === undefined ? 'nobody' : `${user.state}, ${user.roles}`, expected, what)
        }
      }
    })

    test('looking and checking raises no version', async () => {
      await store.add({ tenant, name: 'quiet', password: 'quiet word' })
      await sleep(400)
      const versions = [store.version, other.version]
      await store.find(tenant, 'quiet')
      await store.list(tenant)
      await store.checkPassword(tenant, 'quiet', 'quiet word')
      await store.checkPassword(tenant, 'quiet', 'wrong word')
      await sleep(400)
      assert.deepEqual([store.version, other.version], versions)
    })
  })
}
