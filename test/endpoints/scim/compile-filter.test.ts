import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileFilter } from '../../../src/endpoints/scim/filter/compile-filter.ts'
import { groupLookup } from '../../../src/endpoints/scim/filter/group-lookup.ts'
import { parseFilter } from '../../../src/endpoints/scim/filter/parse-filter.ts'
import { userLookup } from '../../../src/endpoints/scim/filter/user-lookup.ts'
import { readResource } from '../../../src/endpoints/scim/resource/read-resource.ts'
import { keptAttributes } from '../../../src/endpoints/scim/resource/user-attributes.ts'
import { userType } from '../../../src/endpoints/scim/schema/user.ts'
import { ScimFault } from '../../../src/endpoints/scim/scim-fault.ts'
import { enterpriseUserSchema, localDialect } from '../../../src/identity/users/claims.ts'
import { openDirectory } from '../../support/directory.ts'

const directory = await openDirectory()
const core = 'urn:ietf:params:scim:schemas:core:2.0:User'

await directory.roles.add({ tenant: 'default', name: 'buyer' })
const seller = await directory.roles.add({ tenant: 'default', name: 'Seller' })

type Given = Readonly<Record<string, unknown>> & { readonly userName: string }

const people: readonly Given[] = [
  {
    userName: 'alice',
    name: { givenName: 'Alice', familyName: 'Ångström' },
    title: 'Vice President',
    externalId: 'A-1',
    emails: [
      { value: 'alice@example.com', type: 'work', primary: true },
      { value: 'alice@home.example', type: 'home' },
    ],
    phoneNumbers: [{ value: '+49 30 1', type: 'mobile' }],
    addresses: [
      { type: 'work', country: 'DE', locality: 'Berlin', primary: true },
      { type: 'home', country: 'FR', locality: 'Lyon' },
    ],
    [enterpriseUserSchema]: { department: 'Sales', manager: { value: 'boss' } },
  },
  {
    userName: 'Bob',
    name: { givenName: 'Robert' },
    userType: 'Employee',
    emails: [{ value: 'bob@example.org', type: 'work' }],
    phoneNumbers: [
      { value: '+1 555 1', type: 'work' },
      { value: '+1 555 2', type: 'satellite' },
    ],
    addresses: [{ type: 'home', country: 'DE', locality: 'Lyon' }],
  },
  { userName: 'carol', title: 'Engineer', active: false, externalId: 'a-1', ims: [{ value: 'carol', type: 'skype' }] },
  { userName: "o'brien%_", displayName: `"; drop table users; --`, nickName: 'x\\y' },
]

for (const person of people) {
  const resource = readResource(userType, { schemas: [core], ...person })
  await directory.users.add({
    tenant: 'default',
    name: person.userName,
    roles: person.userName === 'alice' ? ['buyer', 'Seller'] : person.userName === 'Bob' ? ['buyer'] : [],
    attributes: keptAttributes(resource, []),
    state: person.active === false ? 'locked' : 'active',
  })
}
// As an administrator of WSO2's products would have set it.
await directory.users.add({
  tenant: 'default',
  name: 'dora',
  attributes: [
    { name: `${localDialect}/emails.work`, value: 'dora@example.com' },
    { name: `${localDialect}/country`, value: 'IT' },
  ],
})

async function find(filter: string): Promise<string> {
  const found = await directory.users.search('default', {
    filter: compileFilter(parseFilter(filter), userLookup),
    limit: 1000,
  })
  return found.entries.map(({ name }) => name).join(' ')
}

const everyone = `alice Bob carol dora o'brien%_`

const table: readonly [filter: string, found: string][] = [
  ['userName eq "alice"', 'alice'],
  ['username EQ "ALICE"', 'alice'],
  [`${core}:userName eq "alice"`, 'alice'],
  [`${core.toUpperCase()}:USERNAME eq "alice"`, 'alice'],
  ['userName ne "alice"', `Bob carol dora o'brien%_`],
  ['not (userName eq "alice")', `Bob carol dora o'brien%_`],
  ['userName sw "B"', 'Bob'],
  ['userName co "AR"', 'carol'],
  ['userName ew "e"', 'alice'],
  ['userName gt "carol"', `dora o'brien%_`],
  ['userName pr', everyone],
  ['userName eq null', ''],
  ['title eq null', `Bob dora o'brien%_`],
  ['title ne null', 'alice carol'],
  ['title pr and active eq true', 'alice'],
  ['active eq false', 'carol'],
  ['active ne "True"', 'carol'],
  ['active pr', everyone],
  ['userName eq "x" or userName eq "alice" and title pr', 'alice'],
  ['(userName eq "alice" or userName eq "Bob") and userType pr', 'Bob'],
  ['externalId eq "A-1"', 'alice'],
  ['externalId eq "a-1"', 'carol'],
  ['name.familyName eq "ångström"', 'alice'],
  ['name pr', 'alice Bob'],
  ['emails pr', 'alice Bob dora'],
  ['emails co "@EXAMPLE."', 'alice Bob dora'],
  ['emails.value ew ".org"', 'Bob'],
  ['emails.type eq "home"', 'alice'],
  ['emails[type eq "work" and value co "@example.com"]', 'alice dora'],
  ['emails[type eq "home" and value co "@example.com"]', ''],
  ['emails[primary eq true]', 'alice'],
  ['emails[primary ne true]', 'alice Bob dora'],
  ['emails[not (type eq "work")]', 'alice'],
  ['emails.value ne "bob@example.org"', `alice carol dora o'brien%_`],
  ['phoneNumbers[type eq "mobile"]', 'alice'],
  ['phoneNumbers[type eq "satellite" and value sw "+1"]', 'Bob'],
  ['phoneNumbers.type pr', 'alice Bob'],
  ['phoneNumbers.type ne "work"', `alice Bob carol dora o'brien%_`],
  ['ims[type eq "skype"].value eq "carol"'.replace('].value eq "carol"', ' and value eq "carol"]'), 'carol'],
  ['addresses.country eq "de"', 'alice Bob'],
  ['addresses[type eq "work" and country eq "DE"]', 'alice'],
  ['addresses[type eq "home" and locality eq "Lyon"]', 'alice Bob'],
  ['addresses[country eq "DE" and locality eq "Lyon"]', 'Bob'],
  ['addresses[type ne "home"]', 'alice dora'],
  ['addresses[primary eq true and country eq "FR"]', ''],
  ['addresses pr', 'alice Bob dora'],
  ['addresses.country eq "IT"', 'dora'],
  ['groups pr', 'alice Bob'],
  ['groups.display eq "seller"', 'alice'],
  [`groups.value eq "${seller.id}"`, 'alice'],
  [`groups[value eq "${seller.id}"]`, 'alice'],
  ['groups eq "nobody"', ''],
  [`${enterpriseUserSchema}:department eq "sales"`, 'alice'],
  [`${enterpriseUserSchema}:manager.value eq "boss"`, 'alice'],
  [`${enterpriseUserSchema}:manager pr`, 'alice'],
  [`${enterpriseUserSchema} pr`, 'alice'],
  [`schemas eq "${enterpriseUserSchema}"`, 'alice'],
  [`schemas eq "${core}"`, everyone],
  ['schemas eq "urn:x"', ''],
  ['meta.resourceType eq "User"', everyone],
  ['meta.resourceType eq "Group"', ''],
  ['meta.created gt "2020-01-01T00:00:00Z"', everyone],
  ['meta.lastModified lt "2020-01-01T00:00:00+02:00"', ''],
  ['id pr', everyone],
  ['id eq "1"', ''],
  // what would be something else to a database
  [`userName eq "o'brien%_"`, `o'brien%_`],
  [`userName sw "o'"`, `o'brien%_`],
  ['userName co "%"', `o'brien%_`],
  ['userName co "_"', `o'brien%_`],
  ['userName eq "%"', ''],
  [`userName eq "' or 1=1 --"`, ''],
  [`userName eq "alice' or '1'='1"`, ''],
  [`displayName co "drop table"`, `o'brien%_`],
  ['nickName eq "x\\\\y"', `o'brien%_`],
  ['userName eq "alice\\u0000"', ''],
]

for (const [filter, found] of table) {
  test(`${filter} finds ${found || 'nobody'}`, async () => assert.equal(await find(filter), found))
}

const refused: readonly string[] = [
  'nothing eq "x"',
  'name eq "x"',
  'name.nothing eq "x"',
  'name.givenName.x eq "x"',
  'urn:x:User:userName eq "x"',
  `${enterpriseUserSchema}:userName eq "x"`,
  'password eq "x"',
  'password pr',
  'userName eq 1',
  'userName eq true',
  'userName gt null',
  'active eq "yes"',
  'active gt true',
  'active co "t"',
  'meta.created eq "yesterday"',
  'meta.created co "2020-01-01T00:00:00Z"',
  'meta.version eq "1"',
  'userName[value eq "x"]',
  'emails[nothing eq "x"]',
  'emails.value[type eq "x"]',
  'addresses eq "x"',
  'groups.$ref pr',
  'groups[value eq "a" and display eq "b"]',
  'constructor pr',
  'toString pr',
  'name.constructor pr',
]

for (const filter of refused) {
  test(`${filter} is refused`, () => {
    assert.throws(
      () => compileFilter(parseFilter(filter), userLookup),
      error => error instanceof ScimFault && error.scimType === 'invalidFilter',
    )
  })
}

test('groups are found by their names and members', async () => {
  const bob = await directory.users.find('default', 'Bob')
  const groups = async (filter: string) => {
    const found = await directory.roles.search('default', {
      filter: compileFilter(parseFilter(filter), groupLookup),
      limit: 1000,
    })
    return found.entries.map(({ name }) => name).join(' ')
  }
  for (const [filter, found] of [
    ['displayName eq "seller"', 'Seller'],
    ['displayName sw "b"', 'buyer'],
    ['members pr', 'buyer Seller'],
    [`members.value eq "${bob!.id}"`, 'buyer'],
    [`members eq "${bob!.id}"`, 'buyer'],
    [`members[value eq "${bob!.id}"] and displayName eq "buyer"`, 'buyer'],
    ['members.display eq "alice"', 'buyer Seller'],
    ['members.type eq "Group"', ''],
    ['members[type eq "User"]', 'buyer Seller'],
    [`id eq "${seller.id}"`, 'Seller'],
    ['meta.created gt "2020-01-01T00:00:00Z"', 'buyer Seller'],
  ] as const)
    assert.equal(await groups(filter), found, filter)
  for (const filter of [
    'userName pr',
    'members[value eq "a" and display eq "b"]',
    'displayName[value pr]',
    'externalId pr',
  ])
    await assert.rejects(() => groups(filter), ScimFault, filter)
})

// A second opinion: the same filter on the resources as they are shown, in the plainest way.
const texts = fc.constantFrom('alice', 'a', 'work', 'home', 'DE', 'lyon', 'mobile', '+1', '', 'example')
const operators = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le')
const quoted = fc.tuple(operators, texts).map(([operator, value]) => `${operator} ${JSON.stringify(value)}`)
const tests = fc.oneof(fc.constant('pr'), quoted)
const single = fc.tuple(fc.constantFrom('userName', 'title', 'userType', 'name.givenName'), tests)
const part = (attribute: string, subs: readonly string[]) =>
  fc.tuple(fc.constant(attribute), fc.array(fc.tuple(fc.constantFrom(...subs), tests), { minLength: 1, maxLength: 3 }))
const several = fc.oneof(
  part('emails', ['value', 'type']),
  part('phoneNumbers', ['value', 'type']),
  part('addresses', ['country', 'locality', 'type']),
)

type Item = Readonly<Record<string, string>>

function holds(actual: string | undefined, test: string): boolean {
  if (test === 'pr') return actual !== undefined
  const [, operator, value] = /^(\w+) (.*)$/.exec(test)!
  if (actual === undefined) return operator === 'ne'
  const [a, b] = [actual.toLowerCase(), JSON.parse(value!).toLowerCase()]
  const results: Readonly<Record<string, boolean>> = {
    eq: a === b,
    ne: a !== b,
    co: a.includes(b),
    sw: a.startsWith(b),
    ew: a.endsWith(b),
    gt: a > b,
    ge: a >= b,
    lt: a < b,
    le: a <= b,
  }
  return results[operator!]!
}

test('filters on one attribute find what a plain look at the resources finds', async () => {
  await fc.assert(
    fc.asyncProperty(single, async ([path, one]) => {
      const expected = people.filter(person => {
        const [name, sub] = path.split('.')
        const value = person[name!]
        return holds((sub === undefined ? value : (value as Item | undefined)?.[sub]) as string | undefined, one)
      })
      const found = (await find(`(${path} ${one}) and not (userName eq "dora")`)).split(' ').filter(Boolean)
      assert.deepEqual(found.toSorted(), expected.map(({ userName }) => userName).toSorted())
    }),
    { numRuns: 150 },
  )
})

test('filters on values in brackets find what a plain look at the resources finds', async () => {
  await fc.assert(
    fc.asyncProperty(several, fc.constantFrom('and', 'or', 'not'), async ([attribute, parts], op) => {
      const inside = parts.map(([sub, one]) => `${sub} ${one}`).join(op === 'or' ? ' or ' : ' and ')
      const met = (item: Item) => {
        const results = parts.map(([sub, one]) => holds(item[sub], one))
        const all = op === 'or' ? results.includes(true) : !results.includes(false)
        return op === 'not' ? !all : all
      }
      const expected = people.filter(person => ((person[attribute] ?? []) as readonly Item[]).some(met))
      const filter = `${attribute}[${op === 'not' ? `not (${inside})` : inside}] and not (userName eq "dora")`
      const found = (await find(filter)).split(' ').filter(Boolean)
      assert.deepEqual(found.toSorted(), expected.map(({ userName }) => userName).toSorted(), filter)
    }),
    { numRuns: 200 },
  )
})
