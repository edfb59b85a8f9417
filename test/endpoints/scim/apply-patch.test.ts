import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyPatch } from '../../../src/endpoints/scim/patch/apply-patch.ts'
import { patchSchema, readPatch } from '../../../src/endpoints/scim/patch/read-patch.ts'
import type { Resource } from '../../../src/endpoints/scim/resource/resource.ts'
import { groupType } from '../../../src/endpoints/scim/schema/group.ts'
import { userType } from '../../../src/endpoints/scim/schema/user.ts'
import { ScimFault } from '../../../src/endpoints/scim/scim-fault.ts'
import { enterpriseUserSchema as enterprise } from '../../../src/identity/users/claims.ts'

const work = { value: 'a@work.example', type: 'work', primary: true }
const home = { value: 'a@home.example', type: 'home' }

const alice: Resource = {
  userName: 'alice',
  active: true,
  name: { givenName: 'Alice', familyName: 'A.' },
  emails: [work, home],
  title: 'Engineer',
  [enterprise]: { department: 'Sales', manager: { value: 'boss' } },
}

function patch(resource: Resource, operations: unknown, type = userType): Resource {
  const copy = structuredClone(resource)
  applyPatch(type, copy, readPatch({ schemas: [patchSchema], Operations: operations }, 100))
  return copy
}

/** What the user is after the operations, as far as it is no longer the same. */
const table: readonly [name: string, operations: readonly object[], changed: object][] = [
  ['add an attribute', [{ op: 'add', path: 'nickName', value: 'Al' }], { nickName: 'Al' }],
  [
    'add without a path',
    [{ op: 'add', value: { nickName: 'Al', emails: [{ value: 'x@y' }] } }],
    { nickName: 'Al', emails: [work, home, { value: 'x@y' }] },
  ],
  ['replace an attribute', [{ op: 'replace', path: 'title', value: 'Boss' }], { title: 'Boss' }],
  ['replace what is not there', [{ op: 'replace', path: 'nickName', value: 'Al' }], { nickName: 'Al' }],
  ['remove an attribute', [{ op: 'remove', path: 'title' }], { title: undefined }],
  ['remove what is not there', [{ op: 'remove', path: 'nickName' }], {}],
  [
    'a part of an attribute',
    [{ op: 'replace', path: 'name.givenName', value: 'Alicia' }],
    { name: { givenName: 'Alicia', familyName: 'A.' } },
  ],
  [
    'parts that are not given stay',
    [{ op: 'replace', path: 'name', value: { middleName: 'M.' } }],
    { name: { givenName: 'Alice', familyName: 'A.', middleName: 'M.' } },
  ],
  ['remove a part', [{ op: 'remove', path: 'name.familyName' }], { name: { givenName: 'Alice' } }],
  [
    'remove the last part',
    [
      { op: 'remove', path: 'name.familyName' },
      { op: 'remove', path: 'name.givenName' },
    ],
    { name: undefined },
  ],
  [
    'add a value',
    [{ op: 'add', path: 'emails', value: [{ value: 'x@y', type: 'other' }] }],
    { emails: [work, home, { value: 'x@y', type: 'other' }] },
  ],
  [
    'add one value that is no list',
    [{ op: 'add', path: 'emails', value: { value: 'x@y' } }],
    { emails: [work, home, { value: 'x@y' }] },
  ],
  ['add a value that is there', [{ op: 'add', path: 'emails', value: [home] }], {}],
  [
    'add a primary value: the other is none any more',
    [{ op: 'add', path: 'emails', value: [{ value: 'x@y', primary: true }] }],
    { emails: [{ value: work.value, type: 'work' }, home, { value: 'x@y', primary: true }] },
  ],
  [
    'make another value the primary one',
    [{ op: 'replace', path: 'emails[type eq "home"].primary', value: true }],
    {
      emails: [
        { value: work.value, type: 'work' },
        { ...home, primary: true },
      ],
    },
  ],
  [
    'replace all values',
    [{ op: 'replace', path: 'emails', value: [{ value: 'x@y' }] }],
    { emails: [{ value: 'x@y' }] },
  ],
  ['replace all values by none', [{ op: 'replace', path: 'emails', value: [] }], { emails: undefined }],
  [
    'replace a part of the values that are meant',
    [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'x@y' }],
    { emails: [{ ...work, value: 'x@y' }, home] },
  ],
  [
    'replace the values that are meant',
    [{ op: 'replace', path: 'emails[type eq "home"]', value: { value: 'x@y', display: 'X' } }],
    { emails: [work, { value: 'x@y', type: 'home', display: 'X' }] },
  ],
  [
    'remove the values that are meant',
    [{ op: 'remove', path: 'emails[type eq "work" and value ew ".example"]' }],
    { emails: [home] },
  ],
  ['remove values that are not there', [{ op: 'remove', path: 'emails[type eq "other"]' }], {}],
  [
    'remove a part of the values that are meant',
    [{ op: 'remove', path: 'emails[value co "work"].type' }],
    { emails: [{ value: work.value, primary: true }, home] },
  ],
  ['remove all values', [{ op: 'remove', path: 'emails' }], { emails: undefined }],
  [
    'an attribute of the extension',
    [{ op: 'replace', path: `${enterprise}:department`, value: 'Lab' }],
    { [enterprise]: { department: 'Lab', manager: { value: 'boss' } } },
  ],
  ['the whole extension', [{ op: 'remove', path: enterprise }], { [enterprise]: undefined }],
  [
    'the extension without a path',
    [{ op: 'add', value: { [enterprise]: { costCenter: '7' } } }],
    { [enterprise]: { department: 'Sales', manager: { value: 'boss' }, costCenter: '7' } },
  ],
  [
    'the manager by the identifier alone',
    [{ op: 'add', path: `${enterprise}:manager`, value: 'chief' }],
    { [enterprise]: { department: 'Sales', manager: { value: 'chief' } } },
  ],
  [
    'several operations, one after the other',
    [
      { op: 'remove', path: 'emails' },
      { op: 'add', path: 'emails', value: [home] },
      { op: 'replace', path: 'emails[type eq "home"].display', value: 'H' },
    ],
    { emails: [{ ...home, display: 'H' }] },
  ],
  // as Microsoft Entra ID sends them
  ['operators and names in upper case', [{ op: 'Replace', path: 'TITLE', value: 'Boss' }], { title: 'Boss' }],
  ['"False" is false', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
  ['active in an object', [{ op: 'replace', value: { active: 'False' } }], { active: false }],
  [
    'paths as names',
    [
      {
        op: 'Add',
        value: { 'name.givenName': 'Al', 'emails[type eq "work"].value': 'x@y', [`${enterprise}:department`]: 'Lab' },
      },
    ],
    {
      name: { givenName: 'Al', familyName: 'A.' },
      emails: [{ ...work, value: 'x@y' }, home],
      [enterprise]: { department: 'Lab', manager: { value: 'boss' } },
    },
  ],
  [
    'add the value of a type that is not there yet',
    [{ op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+1' }],
    { phoneNumbers: [{ type: 'mobile', value: '+1' }] },
  ],
  [
    'primary eq "True"',
    [{ op: 'Replace', path: 'emails[primary eq "True"].value', value: 'x@y' }],
    { emails: [{ ...work, value: 'x@y' }, home] },
  ],
  // as Okta sends them
  [
    'identifiers among others are passed over',
    [{ op: 'replace', value: { id: '1', schemas: [], meta: {}, groups: [{ value: 'admin' }], title: 'Boss' } }],
    { title: 'Boss' },
  ],
  [
    'an attribute that SCIM here does not have, among others',
    [{ op: 'replace', value: { shoeSize: 43, title: 'Boss' } }],
    { title: 'Boss' },
  ],
]

for (const [name, operations, changed] of table) {
  test(name, () => {
    const expected = Object.fromEntries(
      Object.entries({ ...alice, ...changed }).filter(([, value]) => value !== undefined),
    )
    assert.deepEqual(patch(alice, operations), expected)
  })
}

const refused: readonly [operations: unknown, scimType: string][] = [
  [[{ op: 'remove' }], 'noTarget'],
  [[{ op: 'replace', path: 'emails[type eq "other"].value', value: 'x' }], 'noTarget'],
  [[{ op: 'add', path: 'emails[type co "other"].value', value: 'x' }], 'noTarget'],
  [[{ op: 'replace', path: 'nothing', value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: 'name.nothing', value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: 'urn:x:User:title', value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: 'title[value eq "x"]', value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: 'title eq', value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: 3, value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: '__proto__', value: 'x' }], 'invalidPath'],
  [[{ op: 'add', path: '__proto__.polluted', value: 'x' }], 'invalidPath'],
  [[{ op: 'add', path: 'constructor.prototype', value: 'x' }], 'invalidPath'],
  [[{ op: 'add', path: 'name.__proto__', value: 'x' }], 'invalidPath'],
  [[{ op: 'replace', path: 'emails[nothing eq "x"]', value: {} }], 'invalidFilter'],
  [[{ op: 'replace', path: 'id', value: 'x' }], 'mutability'],
  [[{ op: 'replace', path: 'meta.version', value: 'x' }], 'mutability'],
  [[{ op: 'add', path: 'groups', value: [{ value: 'admin' }] }], 'mutability'],
  [[{ op: 'replace', path: 'schemas', value: [] }], 'mutability'],
  [[{ op: 'remove', path: 'userName' }], 'mutability'],
  [[{ op: 'remove', path: 'password' }], 'mutability'],
  [[{ op: 'remove', path: 'active' }], 'mutability'],
  [[{ op: 'replace', path: 'userName', value: '' }], 'mutability'],
  [[{ op: 'replace', path: 'title', value: 3 }], 'invalidValue'],
  [[{ op: 'replace', path: 'active', value: 'maybe' }], 'invalidValue'],
  [[{ op: 'replace', path: 'name', value: 'Alice' }], 'invalidValue'],
  [[{ op: 'replace', path: 'emails', value: ['x@y'] }], 'invalidValue'],
  [[{ op: 'replace', path: 'emails', value: [{ type: 'work' }] }], 'invalidValue'],
  [[{ op: 'replace', path: 'emails.primary', value: true }], 'invalidValue'],
  [[{ op: 'replace', path: 'title' }], 'invalidValue'],
  [[{ op: 'add', value: 'x' }], 'invalidValue'],
  [[{ op: 'move', path: 'title' }], 'invalidSyntax'],
  [['x'], 'invalidSyntax'],
  [[], 'invalidSyntax'],
  [{}, 'invalidSyntax'],
]

for (const [operations, scimType] of refused) {
  test(`${JSON.stringify(operations)}: ${scimType}`, () => {
    assert.throws(
      () => patch(alice, operations),
      error => error instanceof ScimFault && error.scimType === scimType,
    )
  })
}

test('members join and leave', () => {
  const buyers: Resource = { displayName: 'buyer', members: [{ value: '1' }, { value: '2' }] }
  const members = (operations: unknown) => {
    const { members = [] } = patch(buyers, operations, groupType)
    return (members as { value: string }[]).map(({ value }) => value)
  }
  assert.deepEqual(
    members([{ op: 'add', path: 'members', value: [{ value: '3', display: 'c', $ref: 'x' }, { value: '1' }] }]),
    ['1', '2', '3'],
  )
  assert.deepEqual(members([{ op: 'remove', path: 'members[value eq "1"]' }]), ['2'])
  assert.deepEqual(members([{ op: 'Remove', path: 'members', value: [{ value: '2' }] }]), ['1'])
  assert.deepEqual(members([{ op: 'replace', path: 'members', value: [{ value: '9' }] }]), ['9'])
  assert.deepEqual(members([{ op: 'remove', path: 'members' }]), [])
  for (const operation of [
    { op: 'replace', path: 'members[value eq "1"].value', value: '9' },
    { op: 'replace', path: 'members[value eq "1"].display', value: '9' },
  ])
    assert.throws(
      () => members([operation]),
      error => error instanceof ScimFault && error.scimType === 'mutability',
    )
})

test('operations, values and what is looked at are bounded', () => {
  const many = Array.from({ length: 101 }, () => ({ op: 'remove', path: 'title' }))
  assert.throws(
    () => patch(alice, many),
    error => error instanceof ScimFault && error.problem.code === 'payload_too_large',
  )
  const crowd = { displayName: 'all', members: Array.from({ length: 100_000 }, (_, i) => ({ value: String(i) })) }
  const began = performance.now()
  assert.throws(
    () =>
      patch(
        crowd,
        Array.from({ length: 100 }, (_, i) => ({ op: 'remove', path: `members[value eq "${i}"]` })),
        groupType,
      ),
    error => error instanceof ScimFault && error.problem.code === 'payload_too_large',
  )
  assert.ok(performance.now() - began < 5_000)
})

test('whatever the operations are, they change the resource or are refused, and nothing else', () => {
  const names = fc.constantFrom(
    'userName',
    'name',
    'name.givenName',
    'emails',
    'emails[type eq "work"]',
    'emails[type eq "x"].value',
    'active',
    'groups',
    enterprise,
    `${enterprise}:manager`,
    '__proto__',
    'constructor',
    'constructor.prototype',
    'toString',
    'emails.__proto__',
    'members',
  )
  const operation = fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'Add'),
      path: fc.oneof(names, fc.string()),
      value: fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.jsonValue())),
    },
    { requiredKeys: ['op'], noNullPrototype: true },
  )
  const before = Object.getOwnPropertyNames(Object.prototype).length
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 5 }), operations => {
      try {
        const patched = patch(alice, JSON.parse(JSON.stringify(operations)))
        assert.equal(typeof patched.userName, 'string')
        assert.equal(Object.getPrototypeOf(patched), Object.prototype)
      } catch (error) {
        assert.ok(error instanceof ScimFault, String(error))
      }
      assert.equal(Object.getOwnPropertyNames(Object.prototype).length, before)
      assert.equal(({} as Record<string, unknown>).polluted, undefined)
    }),
    { numRuns: 1000 },
  )
})
