import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { ConfigError, parseConfig } from '../../src/config/read.ts'

const schema = z.strictObject({
  listeners: z.array(z.strictObject({ port: z.int().max(65535), clientAuth: z.enum(['none', 'want', 'need']) })),
  secret: z.string().optional(),
})

const problemsOf = (text: string, env: Record<string, string> = {}) => {
  try {
    parseConfig(text, '/etc/countersign.yaml', schema, { env })
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems.map(({ path, line }) => [path, line])
  }
  return []
}

test('all problems are told at once, each with its path and its line', () => {
  const text = `listeners:
  - port: 99999
    clientAuth: want
  - port: 1
    clientAuth: maybe
    cilentAuth: none
extra: 1
`
  assert.deepEqual(problemsOf(text), [
    ['listeners[0].port', 2],
    ['listeners[1].clientAuth', 5],
    ['listeners[1].cilentAuth', 6],
    ['extra', 7],
  ])
})

test('a file that is not YAML is refused with the line', () => {
  assert.deepEqual(problemsOf('listeners: [\n'), [['', 2]])
  assert.deepEqual(problemsOf('listeners: []\nlisteners: []\n'), [['', 2]], 'a duplicate key')
})

test('${NAME} comes from the environment, and a name that is not there is a problem, never an empty value', () => {
  const read = parseConfig('listeners: []\nsecret: a-${SECRET}-b\n', 'f', schema, { env: { SECRET: 'x' } })
  assert.equal(read.value.secret, 'a-x-b')
  assert.deepEqual(problemsOf('listeners: []\nsecret: ${SECRET}\n'), [['', 2]])
})

test('an alias bomb is refused', () => {
  const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(10)}]\nc: &c [${'*b,'.repeat(10)}]\nd: &d [${'*c,'.repeat(10)}]\ne: [${'*d,'.repeat(10)}]\n`
  assert.throws(() => parseConfig(bomb, 'f', z.any(), { env: {} }), ConfigError)
})
