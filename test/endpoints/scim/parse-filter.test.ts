import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CompareValue, comparisons, type ScimFilter } from '../../../src/endpoints/scim/filter/filter.ts'
import { parseFilter } from '../../../src/endpoints/scim/filter/parse-filter.ts'
import { parsePath } from '../../../src/endpoints/scim/filter/parse-path.ts'
import { ScimFault } from '../../../src/endpoints/scim/scim-fault.ts'

/** As text again, with no more parentheses than it needs. */
function print(filter: ScimFilter, within: 'or' | 'and' | 'top' = 'top'): string {
  switch (filter.op) {
    case 'or': {
      const text = filter.of.map(each => print(each, 'or')).join(' or ')
      return within === 'top' ? text : `(${text})`
    }
    case 'and': {
      const text = filter.of.map(each => print(each, 'and')).join(' and ')
      return within === 'and' ? `(${text})` : text
    }
    case 'not':
      return `not (${print(filter.of)})`
    case 'present':
      return `${filter.path} pr`
    case 'compare':
      return `${filter.path} ${filter.comparison} ${JSON.stringify(filter.value)}`
    case 'values':
      return `${filter.path}[${print(filter.of)}]`
  }
}

const refused = (source: string, why: RegExp, parse: (text: string) => unknown = parseFilter) =>
  assert.throws(
    () => parse(source),
    error => error instanceof ScimFault && error.problem.code === 'bad_request' && why.test(error.problem.detail),
    source,
  )

const compare = (path: string, comparison: (typeof comparisons)[number], value: CompareValue): ScimFilter => ({
  op: 'compare',
  path,
  comparison,
  value,
})

// The kinds of filter that RFC 7644 section 3.4.2.2 shows, with our own words in them.
const table: readonly [string, ScimFilter][] = [
  ['userName eq "bjensen"', compare('userName', 'eq', 'bjensen')],
  ['USERNAME Eq "bjensen"', compare('USERNAME', 'eq', 'bjensen')],
  [`name.familyName co "O'Malley"`, compare('name.familyName', 'co', "O'Malley")],
  [
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"',
    compare('urn:ietf:params:scim:schemas:core:2.0:User:userName', 'sw', 'J'),
  ],
  ['title pr', { op: 'present', path: 'title' }],
  ['meta.lastModified gt "2011-05-13T04:42:34Z"', compare('meta.lastModified', 'gt', '2011-05-13T04:42:34Z')],
  ['active eq true', compare('active', 'eq', true)],
  ['externalId eq null', compare('externalId', 'eq', null)],
  ['x eq -1.5e3', compare('x', 'eq', -1500)],
  ['a eq "say \\"hi\\" \\u00e9\\\\"', compare('a', 'eq', 'say "hi" é\\')],
  [
    'title pr and userType eq "Employee"',
    { op: 'and', of: [{ op: 'present', path: 'title' }, compare('userType', 'eq', 'Employee')] },
  ],
  [
    'a pr or b pr and c pr',
    {
      op: 'or',
      of: [
        { op: 'present', path: 'a' },
        {
          op: 'and',
          of: [
            { op: 'present', path: 'b' },
            { op: 'present', path: 'c' },
          ],
        },
      ],
    },
  ],
  [
    '(a pr or b pr) and not (c pr)',
    {
      op: 'and',
      of: [
        {
          op: 'or',
          of: [
            { op: 'present', path: 'a' },
            { op: 'present', path: 'b' },
          ],
        },
        { op: 'not', of: { op: 'present', path: 'c' } },
      ],
    },
  ],
  [
    'NOT(a pr)AND b pr',
    {
      op: 'and',
      of: [
        { op: 'not', of: { op: 'present', path: 'a' } },
        { op: 'present', path: 'b' },
      ],
    },
  ],
  [
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]',
    {
      op: 'or',
      of: [
        {
          op: 'values',
          path: 'emails',
          of: { op: 'and', of: [compare('type', 'eq', 'work'), compare('value', 'co', '@example.com')] },
        },
        { op: 'values', path: 'ims', of: compare('type', 'eq', 'xmpp') },
      ],
    },
  ],
]

for (const [source, filter] of table) {
  test(source, () => {
    assert.deepEqual(parseFilter(source), filter)
    assert.deepEqual(parseFilter(print(filter)), filter)
  })
}

test('what is no filter is refused, with the place in it', () => {
  refused('', /too early/)
  refused('userName', /too early/)
  refused('userName eq', /too early/)
  refused('userName eq bjensen', /"bjensen" at character 13/)
  refused('userName is "x"', /"is" at character 10/)
  refused('userName eq "x" userType', /"userType" at character 17/)
  refused('(userName eq "x"', /too early/)
  refused('userName eq "x")', /"\)" at character 16/)
  refused('userName eq "x', /at character 13/)
  refused('userName eq "\\x"', /no JSON string/)
  refused('userName eq "\n"', /no JSON string/)
  refused('not userName pr', /at character/)
  refused('emails[type eq "work"', /too early/)
  refused('emails[ims[type pr]]', /"\[" at character 11/)
  refused('emails[]', /"\]" at character 8/)
  refused('emails[type pr].value eq "x"', /"\." at character 16/)
  refused("userName eq 'x'", /at character 13/)
  refused('1 eq 1', /at character 1/)
  refused('a eq 01', /at character 7/)
  refused('a eq "x"; drop table users', /";" at character 9/)
  refused('__proto__ pr', /at character 1/)
  refused(`a eq "${'x'.repeat(9000)}"`, /longer than/)
})

test('depth and number are bounded', () => {
  refused(`${'('.repeat(40)}a pr${')'.repeat(40)}`, /too deep/)
  refused(`${'not ('.repeat(40)}a pr${')'.repeat(40)}`, /too deep/)
  refused(Array.from({ length: 101 }, () => 'a pr').join(' or '), /more than 100/)
  assert.ok(parseFilter(Array.from({ length: 100 }, () => 'a pr').join(' or ')))
  assert.ok(parseFilter(`${'('.repeat(32)}a pr${')'.repeat(32)}`))
})

const paths = fc.constantFrom(
  'userName',
  'name.givenName',
  'emails',
  '$ref',
  'urn:ietf:params:scim:schemas:core:2.0:User:title',
  'not',
  'and',
)
const values = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const plain = { noNullPrototype: true }
const comparison: fc.Arbitrary<ScimFilter> = fc.oneof(
  fc.record({ op: fc.constant('present' as const), path: paths }, plain),
  fc.record(
    {
      op: fc.constant('compare' as const),
      path: paths,
      comparison: fc.constantFrom(...comparisons),
      // JSON has no negative zero
      value: values.map(value => (Object.is(value, -0) ? 0 : value)),
    },
    plain,
  ),
)
const chains = (op: 'and' | 'or', part: fc.Arbitrary<ScimFilter>): fc.Arbitrary<ScimFilter> =>
  fc
    .array(
      part.filter(each => each.op !== op),
      { minLength: 2, maxLength: 3 },
    )
    .map(of => ({ op, of }))
const filters = (leaf: fc.Arbitrary<ScimFilter>) =>
  fc.letrec<{ filter: ScimFilter }>(tie => ({
    filter: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'filter' },
      leaf,
      chains('and', tie('filter')),
      chains('or', tie('filter')),
      tie('filter').map((of): ScimFilter => ({ op: 'not', of })),
    ),
  })).filter
const inBrackets = fc.record({ op: fc.constant('values' as const), path: paths, of: filters(comparison) }, plain)

test('a filter that is printed and read again is the same', () => {
  fc.assert(
    fc.property(
      filters(fc.oneof({ weight: 4, arbitrary: comparison }, { weight: 1, arbitrary: inBrackets })),
      filter => {
        const text = print(filter)
        fc.pre(text.length <= 8192 && text.split(/ (?:pr|eq|ne|co|sw|ew|gt|ge|lt|le)\b/).length <= 100)
        assert.deepEqual(parseFilter(text), filter)
      },
    ),
    { numRuns: 300 },
  )
})

test('any text is a filter or a path, or is refused as one', () => {
  const pieces = fc.constantFrom(
    'a',
    'eq',
    'pr',
    'and',
    'or',
    'not',
    '(',
    ')',
    '[',
    ']',
    '.',
    ' ',
    '"x"',
    '"',
    '\\',
    '1',
    'true',
    'null',
    'urn:',
    '$',
    '\u{1f600}',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.array(pieces, { maxLength: 60 }).map(parts => parts.join('')),
      ),
      text => {
        for (const parse of [parseFilter, parsePath]) {
          try {
            parse(text)
          } catch (error) {
            assert.ok(
              error instanceof ScimFault && (error.scimType === 'invalidFilter' || error.scimType === 'invalidPath'),
              String(error),
            )
          }
        }
      },
    ),
    { numRuns: 1000 },
  )
})

test('paths of PATCH', () => {
  assert.deepEqual(parsePath('name.givenName'), { path: 'name.givenName', values: undefined, sub: undefined })
  assert.deepEqual(parsePath('emails[type eq "work"]'), {
    path: 'emails',
    values: compare('type', 'eq', 'work'),
    sub: undefined,
  })
  assert.deepEqual(parsePath('members[value eq "1"].display'), {
    path: 'members',
    values: compare('value', 'eq', '1'),
    sub: 'display',
  })
  for (const source of [
    '',
    '.',
    'a b',
    'emails[',
    'emails[type pr',
    'emails[type pr].',
    'emails[type pr]x',
    'a eq "x"',
    '[type pr]',
    '__proto__',
    'emails[type pr].__proto__',
    '"a"',
  ])
    refused(source, /./, parsePath)
})
