import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { defaultScimAccess } from '../../src/endpoints/scim/access-defaults.ts'
import { scimOptions } from '../../src/endpoints/scim/options.ts'
import { methodsOf, readTarget } from '../../src/endpoints/scim/target.ts'
import { claims, localDialect } from '../../src/identity/users/claims.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/scim.md'), 'utf8')

/** The rows below the header. */
function table(header: string): string[] {
  const from = page.indexOf(header)
  assert.notEqual(from, -1, header)
  return page.slice(from, page.indexOf('\n\n', from)).split('\n').slice(2)
}

test('docs/scim.md lists every attribute with its claim', () => {
  const rows = claims.flatMap(({ uri, displayName, scim, type }) =>
    scim === undefined
      ? []
      : [
          `| \`${scim}\`${type === undefined ? '' : ` of the type \`${type}\``} | \`${uri.slice(localDialect.length + 1)}\` | ${displayName} |`,
        ],
  )
  assert.deepEqual(table('| attribute | claim | name |'), rows)
})

test('it lists the access table that holds when the configuration has none', () => {
  const rows = defaultScimAccess.map(({ path, methods, caller, permissions }) => {
    const who = caller === 'anyone' ? 'anyone' : permissions.map(each => `\`${each}\``).join(', ')
    return `| \`${path.replaceAll('|', '\\|')}\` | ${methods?.join(', ') ?? 'all'} | ${who} |`
  })
  assert.deepEqual(table('| path | methods | permission |'), rows)
})

test('it lists the addresses with the methods that they take', () => {
  const rows = table('| path | methods |\n')
  assert.equal(rows.length, 6)
  for (const row of rows) {
    const [, paths = '', methods = ''] = row.split('|').map(cell => cell.trim())
    for (const [, path = ''] of paths.matchAll(/`\/scim2([^`]+)`/g)) {
      const target = readTarget(path)
      assert.ok(target, path)
      assert.equal(methodsOf(target).join(', '), methods, path)
    }
  }
})

test('its example is a configuration', () => {
  const { scim } = parse(/```yaml\n([\s\S]+?)```/.exec(page)![1]!)
  assert.equal(scimOptions.parse(scim).enabled, true)
})
