import { createRequestHeaderFilter, createWithholding } from '../../src/endpoints/gateway/request-headers.ts'
import { readAssertion } from '../../src/identity/authn/assertion-header.ts'
import { isBasic, readBasicCredentials } from '../../src/identity/authn/basic-credentials.ts'
import { compilePattern } from '../../src/identity/bindings/pattern.ts'
import { isUserName } from '../../src/identity/bindings/user-name.ts'
import { readTarget } from '../../src/server/http/target.ts'
import { mutateText } from '../mutate-text.ts'
import { magnitude, outcome } from '../outcome.ts'
import type { Target } from '../target.ts'

const texts = (...list: string[]) => list.map(one => Buffer.from(one))
const base64 = (text: string) => Buffer.from(text).toString('base64')
const strange = [
  '\0',
  '\r\n',
  '%00',
  '%2e',
  '%2F',
  '%5c',
  '..',
  '//',
  ';',
  ',',
  '=',
  '==',
  '\xff',
  '\xc0\x80',
  '\u202e',
  '𐐀',
  ' ',
]

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

const nested = [
  '(',
  ')',
  '(a+)+',
  '.*',
  '[^',
  ']',
  '{1,',
  '{1000}',
  '|',
  '\\',
  '$',
  '^',
  '(?=',
  '\\1',
  '+?',
  'aaaaaaaaaaaaaaaa',
]
const filter = createRequestHeaderFilter(createWithholding({ dropped: ['username', 'authorization'], passed: [] }))
const identity =
  /^(?:x[^a-z0-9]forwarded[^a-z0-9]user|client[^a-z0-9]cert|remote[^a-z0-9]user|username|authorization)$/i

export const requestTargets: readonly Target[] = [
  {
    name: 'assertion-header',
    seeds: texts(base64('alice'), base64('partner/zoë@example.org'), 'alice', base64('a,b'), base64('x'.repeat(255))),
    limitMs: 2_000,
    weight: 300,
    mutate: (input, random, others) => mutateText(input, random, others, strange),
    run(input) {
      const value = input.toString('latin1')
      return (['base64', 'plain'] as const)
        .map(encoding => {
          const read = readAssertion(value, { name: 'UserName', encoding })
          if (read.kind !== 'user') return read.kind === 'absent' ? 'absent' : read.reason
          check(isUserName(read.user) && !/\p{Cc}/u.test(read.user), 'a name that no user may have')
          const again = encoding === 'base64' ? base64(read.user) : Buffer.from(read.user).toString('latin1')
          check(again === value, 'a name that can be written in two ways')
          return 'user'
        })
        .join('; ')
    },
  },
  {
    name: 'basic',
    seeds: texts(
      `Basic ${base64('alice:secret')}`,
      `basic  ${base64('a:b:c')}`,
      `Basic ${base64('zoë:pä')}`,
      'Bearer x',
    ),
    limitMs: 2_000,
    weight: 300,
    mutate: (input, random, others) =>
      mutateText(input, random, others, ['Basic ', base64(':'), base64('a:'), ...strange]),
    run(input) {
      const value = input.toString('latin1')
      const read = readBasicCredentials(value)
      if (read === undefined) return `none ${isBasic(value)}`
      check(isBasic(value) && read.name !== '' && !read.name.includes(':'), 'a name that Basic cannot carry')
      check(value.endsWith(base64(`${read.name}:${read.password}`)), 'credentials that can be written in two ways')
      return `read ${magnitude(read.password.length)}`
    },
  },
  {
    name: 'target-path',
    seeds: texts(
      '/orders/1?x=y',
      '/a%20b/c?d=%2F',
      '/%E2%82%AC',
      '/a/../b',
      '/a//b;c',
      '/%252e%252e/',
      '*',
      'https://x/',
    ),
    limitMs: 2_000,
    weight: 300,
    mutate: (input, random, others) =>
      mutateText(input, random, others, ['/', '/./', '%25', '%ff', '#', '?', '\\', ...strange]),
    run(input) {
      const value = input.toString('latin1')
      const read = readTarget(value)
      if (typeof read === 'string') return read
      const { path } = read
      check(
        path.startsWith('/') && !/\p{Cc}|[\\;#]|\/\/|%[0-9a-f]{2}|\/\.{1,2}(?:\/|$)/iu.test(path),
        `read as ${path}`,
      )
      return `read ${path === value} ${magnitude(path.split('/').length)}`
    },
  },
  {
    name: 'header-fields',
    seeds: texts(
      'X-Forwarded-User\nadmin\nCookie\na=b\ncookie\nc',
      'Connection\nkeep-alive, x-a\nX-A\n1\nRemote_User\nroot',
    ),
    limitMs: 2_000,
    weight: 100,
    mutate: (input, random, others) =>
      mutateText(input, random, others, [
        'Connection\n',
        'Client-Cert\n',
        '_',
        '-',
        '.',
        'X_Forwarded.User\n',
        ...strange,
      ]),
    run(input) {
      const fields = input.toString('latin1').split('\n')
      const kept = filter(fields)
      check(kept.length % 2 === 0 && kept.length <= fields.length, 'more came out than went in')
      for (let i = 0; i < kept.length; i += 2) check(!identity.test(kept[i]!), `${kept[i]} passed`)
      return `${magnitude(fields.length)} ${magnitude(kept.length)}`
    },
  },
  {
    name: 'binding-pattern',
    seeds: texts('^(.+)@partner\\.example$\nalice@partner.example', '^[a-z]{1,8}(-[0-9]+)?$\nabc-12', '(a|b)*c\naabbc'),
    limitMs: 3_000,
    weight: 60,
    mutate: (input, random, others) => mutateText(input, random, others, nested),
    run(input) {
      const [source = '', ...rest] = input.toString('utf8').split('\n')
      return outcome(/^ERR_[A-Z_]+$/, () => {
        const pattern = compilePattern(source)
        return `compiled ${pattern.match(rest.join('\n').slice(0, 1000)) === undefined}`
      })
    },
  },
]
