import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { compilePattern } from '../../../src/identity/bindings/pattern.ts'

const refused = (source: string, problem: RegExp) =>
  assert.throws(
    () => compilePattern(source),
    error => isCoded(error, 'ERR_BINDING_PATTERN') && problem.test(error.message),
    source,
  )

test('a pattern takes the whole value apart', () => {
  const pattern = compilePattern('^(.+)@partner\\.example$')
  assert.deepEqual(pattern.match('bob@partner.example'), ['bob@partner.example', 'bob'])
  for (const value of [
    'bob@partnerxexample',
    'bob@partner.example.evil',
    'x\nbob@partner.example\n',
    '@partner.example',
    '',
  ])
    assert.equal(pattern.match(value), undefined, JSON.stringify(value))
})

test('a pattern without ^ and $ around every alternative is refused, so none matches a part of a value', () => {
  refused('(.+)@partner\\.example', /does not begin with \^/)
  refused('^(.+)@partner\\.example', /does not end with \$/)
  refused('^(a)|(b)$', /does not end with \$/)
  refused('(?:^a$|^b$)', /does not begin with \^/)
  refused('^a$|b', /does not begin with \^/)
  refused('', /does not begin with \^/)
  refused('^a$b', /goes on after \$/)
  assert.deepEqual(compilePattern('^(a)$|^(b)$').match('b'), ['b', undefined, 'b'])
})

test('what cannot be matched in linear time, and what would mean something else than it seems, is refused by name', () => {
  refused('^(a)\\1$', /escape/)
  refused('^(?=a).$', /kind that is not available/)
  refused('^(?<!a)b$', /kind that is not available/)
  refused('^(?<name>a)$', /kind that is not available/)
  refused('^(?i:a)$', /kind that is not available/)
  refused('^(a*)*$', /can be empty/)
  refused('^(?:a|b?)+$', /can be empty/)
  refused('^a**$', /repeats a repetition/)
  refused('^a{3,2}$', /smaller number first/)
  refused('^a{1,9999}$', /from 0 to 256/)
  refused('^(?:(?:a{200}){200})$', /too complex/)
  refused(`^${'('.repeat(30)}a${')'.repeat(30)}$`, /too deeply/)
  refused(`^${'a'.repeat(600)}$`, /longer than/)
  refused('^[b-a]$', /out of order/)
  refused('^[a$', /not closed/)
  refused('^(a$', /not closed/)
  refused('^a)$', /closes nothing/)
  refused('^\\b$', /escape/)
  refused('^\\', /escape/)
  refused('^*$', /repeats nothing/)
})

test('patterns that make a backtracking matcher run away do not', () => {
  const value = `${'a'.repeat(500)}!`
  for (const source of [
    '^(a+)+$',
    '^(?:a|a)+$',
    '^(?:a|aa)+$',
    '^a*a*a*a*a*a*a*a*b$',
    '^(?:.*)(?:.*)(?:.*)(?:.*)(?:.*)=$',
  ])
    assert.equal(compilePattern(source).match(value), undefined, source)
})

// A small grammar of everything that is accepted, over few characters so that values hit often.
const alphabet = ['a', 'b', 'A', '1', '.', '@', '-', '_', ' ', 'é', '😀']
const { pattern } = fc.letrec<{ pattern: string; sequence: string; atom: string; solid: string }>(tie => ({
  solid: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      'A',
      '1',
      '@',
      '-',
      '\\.',
      '.',
      '\\d',
      '\\w',
      '\\W',
      '\\s',
      '[ab]',
      '[^a]',
      '[a-z1]',
      '[\\d.-]',
      '😀',
    ),
    tie('sequence').map(inner => `(a${inner})`),
    fc.tuple(tie('solid'), tie('solid')).map(([one, other]) => `(?:${one}|${other})`),
    fc.tuple(tie('solid'), tie('solid')).map(([one, other]) => `(?:(${one})|${other})`),
  ),
  atom: fc.oneof(
    { maxDepth: 3 },
    tie('solid'),
    fc
      .tuple(tie('solid'), fc.constantFrom('*', '+', '?', '*?', '+?', '??', '{2}', '{1,}', '{0,2}', '{1,3}?'))
      .map(parts => parts.join('')),
  ),
  sequence: fc.array(tie('atom'), { maxLength: 4 }).map(parts => parts.join('')),
  pattern: fc
    .array(tie('sequence'), { minLength: 1, maxLength: 3 })
    .map(parts => parts.map(part => `^${part}$`).join('|')),
}))
const value = fc.array(fc.constantFrom(...alphabet), { maxLength: 10 }).map(parts => parts.join(''))

test('an accepted pattern finds exactly what JavaScript finds', () => {
  let hits = 0
  fc.assert(
    fc.property(pattern, fc.array(value, { minLength: 1, maxLength: 20 }), (source, values) => {
      fc.pre(source.length <= 500)
      const ours = compilePattern(source)
      const theirs = new RegExp(source, 'u')
      for (const text of values) {
        const expected = theirs.exec(text)?.slice()
        if (expected !== undefined && text !== '') hits += 1
        assert.deepEqual(ours.match(text), expected, `${source} on ${text}`)
      }
    }),
    { numRuns: 1500 },
  )
  assert.ok(hits > 300, `the property saw ${hits} matches`)
})

test('any text is a pattern or is refused as one', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), source => {
      try {
        compilePattern(`^${source}$`)
      } catch (error) {
        assert.ok(isCoded(error, 'ERR_BINDING_PATTERN'), String(error))
      }
    }),
    { numRuns: 1500 },
  )
})
