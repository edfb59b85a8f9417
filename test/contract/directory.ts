import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isCoded } from '../../src/errors.ts'
import {
  type Attribute,
  adminRole,
  type Directory,
  type Filter,
  type Search,
} from '../../src/identity/users/directory.ts'
import type { UserStore } from '../../src/identity/users/user.ts'

export interface OpenDirectory {
  readonly directory: Directory
  /** the same users, as those see them who let people in */
  readonly store: UserStore
  /** the same again in another process */
  readonly other: UserStore
  close(): Promise<void>
}

const email = 'http://wso2.org/claims/emailaddress'
const title = 'http://wso2.org/claims/title'

/** What every kind of directory does. `open` gives an empty one; each test uses a tenant of its own. */
export function directoryContract(kind: string, open: () => Promise<OpenDirectory>): void {
  describe(`directory: ${kind}`, () => {
    let opened: OpenDirectory
    let directory: Directory
    let store: UserStore
    before(async () => {
      opened = await open()
      directory = opened.directory
      store = opened.store
    })
    after(() => opened.close())

    const coded = (code: string) => (error: unknown) => isCoded(error, code)
    const mail = (value: string, parts?: Attribute['parts']): Attribute => ({
      name: email,
      value,
      ...(parts && { parts }),
    })

    describe('users', () => {
      test('who was added is found with everything, by name and by id, and can sign in', async () => {
        const tenant = 'added.example'
        await directory.tenants.add(tenant)
        await directory.roles.add({ tenant, name: 'buyer' })
        const attributes = [
          mail('alice@example.com', { type: 'work', primary: true }),
          mail('alice@home.example', { type: 'home' }),
          { name: title, value: 'Head of 购买' },
        ]
        const alice = await directory.users.add({
          tenant,
          name: 'alice',
          roles: ['buyer'],
          password: 'pass word',
          attributes,
        })
        const { id, created, modified, passwordChanged, ...rest } = alice
        assert.deepEqual(rest, {
          tenant,
          name: 'alice',
          roles: ['buyer'],
          state: 'active',
          tenantState: 'active',
          version: 1,
          attributes,
        })
        assert.ok(created > 0 && modified === created && passwordChanged === created)
        assert.deepEqual(await directory.users.find(tenant, 'alice'), alice)
        assert.deepEqual(await directory.users.findById(tenant, id), alice)
        assert.equal((await store.checkPassword(tenant, 'alice', 'pass word')).kind, 'right')
        assert.equal((await store.find(tenant, 'alice'))?.id, id)
        assert.equal(JSON.stringify(alice).includes('argon2'), false)
      })

      test('an id of another tenant finds nobody and changes nobody', async () => {
        await directory.tenants.add('here.example')
        await directory.tenants.add('there.example')
        const { id } = await directory.users.add({ tenant: 'here.example', name: 'alice' })
        assert.equal(await directory.users.findById('there.example', id), undefined)
        await assert.rejects(
          directory.users.change('there.example', id, () => ({ state: 'locked' })),
          coded('ERR_USER_UNKNOWN'),
        )
        await assert.rejects(directory.users.remove('there.example', id), coded('ERR_USER_UNKNOWN'))
        await assert.rejects(
          directory.roles.add({ tenant: 'there.example', name: 'buyer', members: [id] }),
          coded('ERR_USER_UNKNOWN'),
        )
        assert.equal((await directory.users.findById('here.example', id))?.state, 'active')
        for (const nobody of ['', "' or 1=1 --", 'x\0', '\ud800']) {
          assert.equal(await directory.users.findById('here.example', nobody), undefined)
          assert.equal(await directory.users.find('here.example', nobody), undefined)
        }
      })

      test('what cannot be is refused and leaves nothing behind', async () => {
        const tenant = 'refused.example'
        await directory.tenants.add(tenant)
        await directory.users.add({ tenant, name: 'first', attributes: [mail('first@example.com')] })
        const long = 'x'.repeat(70_000)
        for (const [user, code] of [
          [{ name: 'first' }, 'ERR_USER_EXISTS'],
          [{ name: 'second', roles: ['no such role'] }, 'ERR_ROLE_UNKNOWN'],
          [{ name: '*' }, 'ERR_USER_NAME'],
          [{ name: 'second', password: '' }, 'ERR_PASSWORD_UNFIT'],
          [{ name: 'second', attributes: [mail('')] }, 'ERR_ATTRIBUTE_UNFIT'],
          [{ name: 'second', attributes: [mail(long)] }, 'ERR_ATTRIBUTE_UNFIT'],
          [{ name: 'second', attributes: [mail('a\0b')] }, 'ERR_ATTRIBUTE_UNFIT'],
          [{ name: 'second', attributes: [mail('a', { type: '\ud800' })] }, 'ERR_ATTRIBUTE_UNFIT'],
          [{ name: 'second', attributes: [{ name: '', value: 'a' }] }, 'ERR_ATTRIBUTE_UNFIT'],
          [{ name: 'second', attributes: Array.from({ length: 1001 }, () => mail('a')) }, 'ERR_ATTRIBUTE_UNFIT'],
        ] as const) {
          await assert.rejects(directory.users.add({ tenant, ...user }), coded(code), `${user.name} ${code}`)
        }
        await assert.rejects(directory.users.add({ tenant: 'nowhere', name: 'alice' }), coded('ERR_TENANT_UNKNOWN'))
        assert.equal((await directory.users.search(tenant, { limit: 10 })).total, 1)
      })

      test('a change leaves what it does not name, and raises the version', async () => {
        const tenant = 'changed.example'
        await directory.tenants.add(tenant)
        for (const name of ['buyer', 'seller']) await directory.roles.add({ tenant, name })
        const { id } = await directory.users.add({
          tenant,
          name: 'alice',
          roles: ['buyer'],
          password: 'old password',
          attributes: [mail('alice@example.com')],
        })
        await sleep(2)
        const renamed = await directory.users.change(tenant, id, user => {
          assert.equal(user.name, 'alice')
          return { name: 'alicia' }
        })
        assert.equal(renamed.name, 'alicia')
        assert.equal(renamed.version, 2)
        assert.ok(renamed.modified > renamed.created)
        assert.deepEqual([renamed.roles, renamed.attributes], [['buyer'], [mail('alice@example.com')]])
        assert.equal((await store.checkPassword(tenant, 'alicia', 'old password')).kind, 'right')
        assert.equal(await store.find(tenant, 'alice'), undefined)
        const changed = await directory.users.change(tenant, id, () => ({
          password: 'new password',
          roles: ['seller'],
          state: 'locked',
          attributes: [{ name: title, value: 'Boss' }],
        }))
        assert.deepEqual(
          [changed.version, changed.roles, changed.state, changed.attributes],
          [3, ['seller'], 'locked', [{ name: title, value: 'Boss' }]],
        )
        assert.equal((await store.checkPassword(tenant, 'alicia', 'old password')).kind, 'wrong')
        assert.equal((await store.checkPassword(tenant, 'alicia', 'new password')).kind, 'locked')
        assert.deepEqual(await directory.users.change(tenant, id, () => ({})), changed, 'no change is none')
      })

      test('a change that cannot be, or that its decider stops, changes nothing at all', async () => {
        const tenant = 'stopped.example'
        await directory.tenants.add(tenant)
        await directory.users.add({ tenant, name: 'taken' })
        const alice = await directory.users.add({ tenant, name: 'alice', attributes: [mail('alice@example.com')] })
        const change = (decide: () => object) => directory.users.change(tenant, alice.id, decide)
        await assert.rejects(
          change(() => ({ name: 'taken', attributes: [] })),
          coded('ERR_USER_EXISTS'),
        )
        await assert.rejects(
          change(() => ({ attributes: [], roles: ['none'] })),
          coded('ERR_ROLE_UNKNOWN'),
        )
        await assert.rejects(
          change(() => ({ attributes: [], password: '' })),
          coded('ERR_PASSWORD_UNFIT'),
        )
        await assert.rejects(
          change(() => {
            throw new Error('precondition')
          }),
          /precondition/,
        )
        assert.deepEqual(await directory.users.findById(tenant, alice.id), alice)
      })

      test('of changes at the same time none is lost, with a password or without', async () => {
        const tenant = 'counted.example'
        await directory.tenants.add(tenant)
        const { id } = await directory.users.add({ tenant, name: 'counter', attributes: [mail('0')] })
        const count = (password: boolean) =>
          directory.users.change(tenant, id, user => ({
            attributes: [mail(String(Number(user.attributes[0]!.value) + 1))],
            ...(password && { password: 'the same each time' }),
          }))
        await Promise.all(Array.from({ length: 12 }, (_, i) => count(i % 3 === 0)))
        const counted = await directory.users.findById(tenant, id)
        assert.deepEqual([counted?.attributes[0]?.value, counted?.version], ['12', 13])
      })

      test('whoever lets people in is told of a change, here at once and elsewhere within a second', async () => {
        const tenant = 'told.example'
        await directory.tenants.add(tenant)
        const { id } = await directory.users.add({ tenant, name: 'alice' })
        await opened.other.find(tenant, 'alice')
        const told = Promise.withResolvers<void>()
        await sleep(300)
        opened.other.onChange(told.resolve)
        const { version } = store
        await directory.users.change(tenant, id, () => ({ state: 'locked' }))
        assert.ok(store.version > version)
        assert.equal((await store.find(tenant, 'alice'))?.state, 'locked')
        await Promise.race([told.promise, sleep(1000, undefined, { ref: false }).then(() => assert.fail('not told'))])
        assert.equal((await opened.other.find(tenant, 'alice'))?.state, 'locked')
      })

      test('the other doors to the same users raise the version too', async () => {
        const tenant = 'doors.example'
        await directory.tenants.add(tenant)
        const { id } = await directory.users.add({ tenant, name: 'alice' })
        await store.setPassword(tenant, 'alice', 'some password')
        await store.setState(tenant, 'alice', 'locked')
        await store.setRoles(tenant, 'alice', ['made by the way'])
        const alice = await directory.users.findById(tenant, id)
        assert.deepEqual([alice?.version, alice?.roles], [4, ['made by the way']])
        assert.equal((await directory.roles.find(tenant, 'made by the way'))?.version, 2)
      })
    })

    describe('search', () => {
      const tenant = 'search.example'
      const names = async (filter: Filter | undefined, rest: Partial<Search> = {}) =>
        (await directory.users.search(tenant, { filter, limit: 100, ...rest })).entries.map(({ name }) => name)
      const compare = (
        field: Extract<Filter, { op: 'compare' }>['field'],
        comparison: Extract<Filter, { op: 'compare' }>['comparison'],
        value: string | number | boolean,
        caseExact = false,
      ): Filter => ({ op: 'compare', field, comparison, value, caseExact })
      const name = { kind: 'name' } as const
      const mails = { kind: 'attribute', name: email } as const

      before(async () => {
        await directory.tenants.add(tenant)
        await directory.tenants.add('elsewhere.example')
        await directory.users.add({ tenant: 'elsewhere.example', name: 'anna', attributes: [mail('anna@example.com')] })
        for (const role of ['buyer', 'Seller']) await directory.roles.add({ tenant, name: role })
        const add = (
          name: string,
          attributes: Attribute[],
          roles: string[] = [],
          state: 'active' | 'locked' = 'active',
        ) => directory.users.add({ tenant, name, attributes, roles, state })
        await add(
          'Anna',
          [mail('Anna@Example.com', { type: 'work', primary: true }), mail('anna@home.example', { type: 'home' })],
          ['buyer'],
        )
        await add(
          'bob',
          [mail('bob@example.com', { type: 'home' }), { name: title, value: '100% sure' }],
          ['Seller', 'buyer'],
        )
        await add('Ångström', [{ name: title, value: 'ΟΔΟΣ_Straße' }], [], 'locked')
        await add('o_neil', [mail('zoe@example.com'), mail('aaa@example.com', { primary: true })])
      })

      for (const [what, filter, expected] of [
        ['everybody', undefined, ['Anna', 'bob', 'o_neil', 'Ångström']],
        ['name eq, without case', compare(name, 'eq', 'ANNA'), ['Anna']],
        ['name eq, with case', compare(name, 'eq', 'ANNA', true), []],
        ['name eq, letters that SQL does not fold', compare(name, 'eq', 'ÅNGSTRÖM'), ['Ångström']],
        ['the same in another Unicode form', compare(name, 'eq', 'ångström'.normalize('NFD')), ['Ångström']],
        ['name ne', compare(name, 'ne', 'anna'), ['bob', 'o_neil', 'Ångström']],
        ['name co', compare(name, 'co', 'NN'), ['Anna']],
        ['name co, with case', compare(name, 'co', 'NN', true), []],
        ['name co nothing', compare(name, 'co', ''), ['Anna', 'bob', 'o_neil', 'Ångström']],
        ['an underline is no wildcard', compare(name, 'co', '_'), ['o_neil']],
        ['a percent sign is no wildcard', compare({ kind: 'attribute', name: title }, 'sw', '100%'), ['bob']],
        ['nor is either of them alone', compare(mails, 'sw', '%'), []],
        ['name sw', compare(name, 'sw', 'a'), ['Anna']],
        ['name sw, with case', compare(name, 'sw', 'a', true), []],
        ['name ew', compare(name, 'ew', 'B'), ['bob']],
        ['name ew, longer than the name', compare(name, 'ew', 'xxbob'), []],
        ['name gt', compare(name, 'gt', 'anna'), ['bob', 'o_neil', 'Ångström']],
        ['name ge and lt', { op: 'and', of: [compare(name, 'ge', 'anna'), compare(name, 'lt', 'o')] }, ['Anna', 'bob']],
        ['name le', compare(name, 'le', 'BOB'), ['Anna', 'bob']],
        [
          'Σ folds wherever it stands, ß as it is written',
          compare({ kind: 'attribute', name: title }, 'co', 'οδοσ_STRASSE'),
          ['Ångström'],
        ],
        ['what one of several values meets', compare(mails, 'ew', '@home.example'), ['Anna']],
        ['an attribute eq', compare(mails, 'eq', 'anna@example.COM'), ['Anna']],
        ['an attribute eq, with case', compare(mails, 'eq', 'anna@example.COM', true), []],
        ['ne: another value, or none', compare(mails, 'ne', 'bob@example.com'), ['Anna', 'o_neil', 'Ångström']],
        ['an attribute is there', { op: 'present', field: mails }, ['Anna', 'bob', 'o_neil']],
        ['no attribute is there', { op: 'not', of: { op: 'present', field: mails } }, ['Ångström']],
        ['a part of one of the values', compare({ ...mails, part: 'type' }, 'eq', 'HOME'), ['Anna', 'bob']],
        ['a truth value', compare({ ...mails, part: 'primary' }, 'eq', true), ['Anna', 'o_neil']],
        [
          'one value meets it all',
          {
            op: 'anyValue',
            attribute: email,
            of: {
              op: 'and',
              of: [compare({ kind: 'part', part: 'type' }, 'eq', 'work'), compare({ kind: 'value' }, 'co', 'home')],
            },
          },
          [],
        ],
        [
          'and another does',
          {
            op: 'anyValue',
            attribute: email,
            of: {
              op: 'and',
              of: [compare({ kind: 'part', part: 'type' }, 'eq', 'home'), compare({ kind: 'value' }, 'co', 'home')],
            },
          },
          ['Anna'],
        ],
        [
          'a value without a part',
          {
            op: 'anyValue',
            attribute: email,
            of: { op: 'not', of: { op: 'present', field: { kind: 'part', part: 'type' } } },
          },
          ['o_neil'],
        ],
        ['a role', compare({ kind: 'role-name' }, 'eq', 'seller'), ['bob']],
        ['any role', { op: 'present', field: { kind: 'role-name' } }, ['Anna', 'bob']],
        ['the state', compare({ kind: 'state' }, 'eq', 'locked'), ['Ångström']],
        ['or', { op: 'or', of: [compare(name, 'eq', 'bob'), compare(name, 'eq', 'anna')] }, ['Anna', 'bob']],
        [
          'not binds all that is in it',
          { op: 'not', of: { op: 'or', of: [compare(name, 'eq', 'bob'), compare(name, 'eq', 'anna')] } },
          ['o_neil', 'Ångström'],
        ],
        ['and of nothing', { op: 'and', of: [] }, ['Anna', 'bob', 'o_neil', 'Ångström']],
        ['or of nothing', { op: 'or', of: [] }, []],
        ['SQL is text like any other', compare(name, 'eq', "x' or '1'='1"), []],
        [
          'so it is in the name of an attribute',
          { op: 'present', field: { kind: 'attribute', name: "x' or '1'='1" } },
          [],
        ],
        ['what cannot be stored is nowhere', compare(name, 'eq', 'a\0'), []],
        ['and everybody differs from it', compare(name, 'ne', '\ud800'), ['Anna', 'bob', 'o_neil', 'Ångström']],
        ['times', compare({ kind: 'created' }, 'gt', 1), ['Anna', 'bob', 'o_neil', 'Ångström']],
        ['times as text', compare({ kind: 'modified' }, 'lt', '2001-01-01T00:00:00Z'), []],
      ] satisfies [string, Filter | undefined, string[]][]) {
        test(what, async () => assert.deepEqual(await names(filter), expected))
      }

      test('pages in order, with how many there are in all', async () => {
        const page = (search: Partial<Search>) => directory.users.search(tenant, { limit: 2, ...search })
        const first = await page({})
        assert.deepEqual([first.total, first.entries.map(each => each.name)], [4, ['Anna', 'bob']])
        assert.deepEqual(
          (await page({ offset: 2 })).entries.map(each => each.name),
          ['o_neil', 'Ångström'],
        )
        assert.deepEqual(
          (await page({ offset: 3, descending: true })).entries.map(each => each.name),
          ['Anna'],
        )
        assert.deepEqual(await page({ offset: 4 }), { total: 4, entries: [] })
        assert.deepEqual(await page({ limit: 0 }), { total: 4, entries: [] })
        assert.deepEqual(await page({ limit: -1 }), { total: 4, entries: [] })
        assert.deepEqual(await directory.users.search('no such tenant', { limit: 2 }), { total: 0, entries: [] })
      })

      test('the order of an attribute goes by the primary value, and who has none comes last', async () => {
        assert.deepEqual(await names(undefined, { sortBy: mails }), ['o_neil', 'Anna', 'bob', 'Ångström'])
        assert.deepEqual(await names(undefined, { sortBy: mails, descending: true }), [
          'Ångström',
          'bob',
          'Anna',
          'o_neil',
        ])
        assert.deepEqual(await names(undefined, { sortBy: { ...mails, part: 'type' } }), [
          'bob',
          'Anna',
          'o_neil',
          'Ångström',
        ])
        assert.deepEqual(await names(undefined, { sortBy: { kind: 'created' } }), ['Anna', 'bob', 'Ångström', 'o_neil'])
      })

      test('roles are searched by name, time and members', async () => {
        const found = async (filter: Filter) =>
          (await directory.roles.search(tenant, { filter, limit: 10 })).entries.map(role => role.name)
        const { id } = (await directory.users.find(tenant, 'Anna'))!
        assert.deepEqual(await found(compare(name, 'co', 'E')), ['buyer', 'Seller'])
        assert.deepEqual(await found(compare({ kind: 'member-id' }, 'eq', id, true)), ['buyer'])
        assert.deepEqual(await found(compare({ kind: 'member-name' }, 'eq', 'BOB')), ['buyer', 'Seller'])
        assert.deepEqual(await found({ op: 'not', of: { op: 'present', field: { kind: 'member-id' } } }), [])
      })

      test('what makes no sense, or is too much, is refused', async () => {
        const invalid = coded('ERR_SEARCH_INVALID')
        const deep = (depth: number): Filter =>
          depth === 0 ? compare(name, 'eq', 'x') : { op: 'not', of: deep(depth - 1) }
        for (const filter of [
          deep(5000),
          { op: 'or', of: Array.from({ length: 300 }, () => compare(name, 'eq', 'x')) },
          compare({ kind: 'value' }, 'eq', 'x'),
          compare({ kind: 'part', part: 'type' }, 'eq', 'x'),
          compare({ kind: 'created' }, 'co', '2020'),
          compare({ kind: 'created' }, 'eq', 'yesterday'),
          compare({ kind: 'member-id' }, 'eq', 'x'),
          { op: 'anyValue', attribute: email, of: compare(name, 'eq', 'x') },
          {
            op: 'anyValue',
            attribute: email,
            of: { op: 'anyValue', attribute: email, of: compare({ kind: 'value' }, 'eq', 'x') },
          },
        ] satisfies Filter[]) {
          await assert.rejects(names(filter), invalid, JSON.stringify(filter).slice(0, 80))
        }
        await assert.rejects(names(undefined, { sortBy: { kind: 'role-name' } }), invalid)
        await assert.rejects(directory.roles.search(tenant, { limit: 1, filter: compare(mails, 'eq', 'x') }), invalid)
        await assert.rejects(
          directory.roles.search(tenant, { limit: 1, filter: compare({ kind: 'state' }, 'eq', 'x') }),
          invalid,
        )
        await assert.rejects(directory.roles.search(tenant, { limit: 1, sortBy: { kind: 'state' } }), invalid)
      })
    })

    describe('roles', () => {
      const tenant = 'roles.example'
      before(() => directory.tenants.add(tenant))

      test('members join and leave, and users and roles both have changed', async () => {
        const [alice, bob, carol] = await Promise.all(
          ['alice', 'bob', 'carol'].map(name => directory.users.add({ tenant, name })),
        )
        const role = await directory.roles.add({ tenant, name: 'team', members: [bob!.id, alice!.id, bob!.id] })
        assert.deepEqual(await directory.roles.find(tenant, 'team'), role)
        assert.deepEqual(
          (await directory.roles.members(tenant, role.id)).map(each => each.name),
          ['alice', 'bob'],
        )
        const changed = await directory.roles.change(tenant, role.id, ({ members }) => {
          assert.deepEqual(members, [
            { id: alice!.id, name: 'alice' },
            { id: bob!.id, name: 'bob' },
          ])
          return { members: [bob!.id, carol!.id], name: 'crew' }
        })
        assert.deepEqual([changed.name, changed.version > role.version], ['crew', true])
        assert.deepEqual((await store.find(tenant, 'alice'))?.roles, [])
        assert.deepEqual((await store.find(tenant, 'carol'))?.roles, ['crew'])
        for (const before of [alice!, bob!, carol!]) {
          const now = await directory.users.findById(tenant, before.id)
          assert.ok(now!.version > before.version, before.name)
        }
        await directory.users.remove(tenant, bob!.id)
        assert.ok((await directory.roles.findById(tenant, role.id))!.version > changed.version)
        await directory.roles.remove(tenant, role.id)
        assert.deepEqual((await store.find(tenant, 'carol'))?.roles, [])
        assert.equal(await directory.roles.find(tenant, 'crew'), undefined)
      })

      test('what cannot be is refused and changes nothing', async () => {
        const role = await directory.roles.add({ tenant, name: 'one' })
        await directory.roles.add({ tenant, name: 'two' })
        await assert.rejects(directory.roles.add({ tenant, name: 'one' }), coded('ERR_ROLE_EXISTS'))
        await assert.rejects(directory.roles.add({ tenant, name: 'a,b' }), coded('ERR_ROLE_NAME'))
        await assert.rejects(directory.roles.add({ tenant: 'nowhere', name: 'one' }), coded('ERR_TENANT_UNKNOWN'))
        const change = (decide: () => { name?: string; members?: string[] }) =>
          directory.roles.change(tenant, role.id, decide)
        await assert.rejects(
          change(() => ({ name: 'two' })),
          coded('ERR_ROLE_EXISTS'),
        )
        await assert.rejects(
          change(() => ({ name: 'three', members: ['nobody'] })),
          coded('ERR_USER_UNKNOWN'),
        )
        assert.deepEqual(await directory.roles.findById(tenant, role.id), role)
        for (const [id, there] of [
          ['nothing', tenant],
          [role.id, 'added.example'],
        ] as const) {
          await assert.rejects(
            directory.roles.change(there, id, () => ({})),
            coded('ERR_ROLE_UNKNOWN'),
          )
          await assert.rejects(directory.roles.remove(there, id), coded('ERR_ROLE_UNKNOWN'))
        }
      })
    })

    describe('permissions', () => {
      const tenant = 'permissions.example'
      const may = (user: string, resource: string, action = 'ui.execute') =>
        directory.isAuthorized(tenant, user, resource, action)

      before(async () => {
        await directory.tenants.add(tenant)
        const allow = (resource: string) => ({ resource, action: 'ui.execute', effect: 'allow' as const })
        await directory.roles.add({ tenant, name: 'manager', permissions: [allow('/permission/admin/manage')] })
        await directory.roles.add({
          tenant,
          name: 'kept out',
          permissions: [
            { ...allow('/permission/admin/manage/secret'), effect: 'deny' },
            { ...allow('/permission/admin'), effect: 'deny' },
          ],
        })
        await directory.roles.add({
          tenant,
          name: 'let in',
          permissions: [allow('/permission/admin/manage/secret'), allow('/permission/admin/manage/secret/door')],
        })
        await directory.roles.add({ tenant, name: adminRole })
        await directory.users.add({ tenant, name: 'manager', roles: ['manager'] })
        await directory.users.add({ tenant, name: 'both', roles: ['manager', 'kept out', 'let in'] })
        await directory.users.add({ tenant, name: 'admin', roles: [adminRole] })
        await directory.users.add({ tenant, name: 'nobody' })
      })

      test('a permission stands for its path and everything below, and for its action only', async () => {
        assert.equal(await may('manager', '/permission/admin/manage'), true)
        assert.equal(await may('manager', '/permission/admin/manage/identity/usermgt'), true)
        for (const resource of [
          '/permission/admin',
          '/permission/admin/managers',
          '/permission/admin/manag',
          '/',
          '',
        ]) {
          assert.equal(await may('manager', resource), false, resource)
        }
        assert.equal(await may('manager', '/permission/admin/manage', 'read'), false)
        assert.equal(await may('nobody', '/permission/admin/manage'), false)
        assert.equal(await may('no such user', '/permission/admin/manage'), false)
        assert.equal(
          await directory.isAuthorized('added.example', 'manager', '/permission/admin/manage', 'ui.execute'),
          false,
        )
      })

      test('the nearer path beats the farther, and on the same path deny beats allow', async () => {
        assert.equal(await may('both', '/permission/admin/manage'), true, 'nearer than the deny above it')
        assert.equal(await may('both', '/permission/admin/manage/secret'), false, 'denied and allowed')
        assert.equal(await may('both', '/permission/admin/manage/secret/window'), false)
        assert.equal(await may('both', '/permission/admin/manage/secret/door'), true)
      })

      test('the admin may everything in the tenant, and in no other', async () => {
        assert.equal(await may('admin', '/permission/anything', 'whatever'), true)
        assert.equal(await directory.isAuthorized('default', 'admin', '/permission/anything', 'whatever'), false)
      })

      test('a path that could be read in two ways is allowed to nobody, the admin included', async () => {
        for (const resource of [
          '/permission/admin/manage/../../protected',
          '/permission/admin/manage/./x',
          '/permission/admin/manage//x',
          '/permission/admin/manage/',
          'permission/admin/manage',
          '/permission/admin/manage\0',
          `/permission/admin/manage${'/x'.repeat(100)}`,
        ]) {
          assert.equal(await may('manager', resource), false, resource)
          assert.equal(await may('admin', resource), false, resource)
          await assert.rejects(
            directory.roles.permit(tenant, 'manager', { resource, action: 'ui.execute' }, 'allow'),
            coded('ERR_PERMISSION_UNFIT'),
          )
        }
      })

      test('permissions are set, turned round and taken away', async () => {
        await directory.roles.add({ tenant, name: 'changing' })
        await directory.users.add({ tenant, name: 'changing', roles: ['changing'] })
        const permission = { resource: '/permission/some thing', action: 'read' }
        const expected = [
          ['allow', true],
          ['deny', false],
          ['allow', true],
          ['none', false],
          ['none', false],
        ] as const
        for (const [effect, allowed] of expected) {
          await directory.roles.permit(tenant, 'changing', permission, effect)
          assert.equal(await may('changing', '/permission/some thing/below', 'read'), allowed, effect)
          const listed = effect === 'none' ? [] : [{ ...permission, effect }]
          assert.deepEqual(await directory.roles.permissions(tenant, 'changing'), listed)
        }
        await assert.rejects(directory.roles.permit(tenant, 'no role', permission, 'allow'), coded('ERR_ROLE_UNKNOWN'))
        assert.deepEqual(await directory.roles.permissions(tenant, 'no role'), [])
      })

      test('who is locked may nothing, and nobody in a tenant that is inactive', async () => {
        const { id } = (await directory.users.find(tenant, 'manager'))!
        await directory.users.change(tenant, id, () => ({ state: 'locked' }))
        assert.equal(await may('manager', '/permission/admin/manage'), false)
        await directory.users.change(tenant, id, () => ({ state: 'active' }))
        await directory.tenants.change(tenant, { state: 'inactive' })
        assert.equal(await may('manager', '/permission/admin/manage'), false)
        assert.equal(await may('admin', '/permission/admin/manage'), false)
        await directory.tenants.change(tenant, { state: 'active' })
        assert.equal(await may('manager', '/permission/admin/manage'), true)
      })
    })

    describe('tenants', () => {
      test('the default tenant is there, is active, and stays so', async () => {
        const found = await directory.tenants.find('default')
        assert.deepEqual([found?.number, found?.state], [-1234, 'active'])
        await assert.rejects(directory.tenants.change('default', { state: 'inactive' }), coded('ERR_TENANT_NAME'))
        await assert.rejects(directory.tenants.remove('default'), coded('ERR_TENANT_NAME'))
        assert.equal((await directory.tenants.change('default', { admin: 'admin' })).admin, 'admin')
      })

      test('a tenant has a number that no other ever has, and what was told of it', async () => {
        const details = { admin: 'root', email: 'root@one.example', firstName: 'Ro', lastName: 'Ot' }
        const one = await directory.tenants.add('one.example', details)
        assert.ok(one.number > 0)
        assert.deepEqual(one, {
          ...details,
          name: 'one.example',
          number: one.number,
          state: 'active',
          created: one.created,
        })
        assert.deepEqual(await directory.tenants.find('one.example'), one)
        assert.deepEqual(
          (await directory.tenants.list()).find(each => each.name === 'one.example'),
          one,
        )
        assert.equal((await directory.tenants.change('one.example', { email: 'new@one.example' })).admin, 'root')
        await directory.tenants.remove('one.example')
        const two = await directory.tenants.add('one.example')
        assert.ok(two.number > one.number)
        assert.equal(two.email, undefined)
        await store.addTenant('two.example')
        assert.equal((await directory.tenants.find('two.example'))?.number, two.number + 1)
      })

      test('what cannot be is refused', async () => {
        await directory.tenants.add('twice.example')
        await assert.rejects(directory.tenants.add('twice.example'), coded('ERR_TENANT_EXISTS'))
        await assert.rejects(directory.tenants.add('Not a domain'), coded('ERR_TENANT_NAME'))
        await assert.rejects(directory.tenants.add('three.example', { email: 'a\0b' }), coded('ERR_ATTRIBUTE_UNFIT'))
        await assert.rejects(directory.tenants.change('nowhere', {}), coded('ERR_TENANT_UNKNOWN'))
        await assert.rejects(directory.tenants.remove('nowhere'), coded('ERR_TENANT_UNKNOWN'))
        assert.equal(await directory.tenants.find('nowhere'), undefined)
      })

      test('a tenant that becomes inactive is told, and lets no one in until it is active again', async () => {
        const tenant = 'closing.example'
        await directory.tenants.add(tenant)
        await directory.users.add({ tenant, name: 'alice', password: 'pass word' })
        await opened.other.find(tenant, 'alice')
        for (const [state, kind] of [
          ['inactive', 'locked'],
          ['active', 'right'],
        ] as const) {
          await sleep(300)
          const told = Promise.withResolvers<void>()
          const unsubscribe = opened.other.onChange(told.resolve)
          const { version } = store
          await directory.tenants.change(tenant, { state })
          assert.ok(store.version > version)
          await Promise.race([told.promise, sleep(1000, undefined, { ref: false }).then(() => assert.fail('not told'))])
          unsubscribe()
          for (const view of [store, opened.other]) {
            assert.equal((await view.find(tenant, 'alice'))?.tenantState, state)
            assert.equal((await view.checkPassword(tenant, 'alice', 'pass word')).kind, kind)
            assert.equal((await view.checkPassword(tenant, 'alice', 'wrong')).kind, 'wrong')
          }
        }
      })

      test('with a tenant goes everything in it', async () => {
        const tenant = 'gone.example'
        await directory.tenants.add(tenant)
        await directory.roles.add({
          tenant,
          name: 'buyer',
          permissions: [{ resource: '/x', action: 'read', effect: 'allow' }],
        })
        await directory.users.add({
          tenant,
          name: 'alice',
          roles: ['buyer'],
          password: 'pass word',
          attributes: [mail('a@b.c')],
        })
        assert.ok(await store.find(tenant, 'alice'))
        await directory.tenants.remove(tenant)
        assert.equal(await store.find(tenant, 'alice'), undefined)
        await directory.tenants.add(tenant)
        assert.equal(await store.find(tenant, 'alice'), undefined)
        assert.equal((await store.checkPassword(tenant, 'alice', 'pass word')).kind, 'wrong')
        assert.equal((await directory.roles.search(tenant, { limit: 1 })).total, 0)
      })
    })
  })
}
