import type { DirectoryUser } from '../../identity/users/directory.ts'
import { unknownUser } from '../../identity/users/sql/directory-errors.ts'
import { administer } from '../administration.ts'
import { shortAttributeName } from '../attributes.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { plain, type Terminal } from '../terminal.ts'
import { tenantOptions, userArgument, userTarget } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'show'],
  summary: 'Shows everything that is known of a user',
  arguments: userArgument,
  options: { ...jsonOption, ...tenantOptions },
  examples: ['countersign user show alice', 'countersign user show alice --json'],
  async run(ctx) {
    const { tenant, name } = userTarget(ctx)
    const user = await administer(ctx, 'reads', ({ directory }) => directory.users.find(tenant, name))
    if (user === undefined) throw unknownUser(tenant, name)
    if (ctx.options.json) ctx.terminal.json(asJson(user))
    else print(ctx.terminal, user)
    return exit.yes
  },
})

function print(terminal: Terminal, user: DirectoryUser) {
  const { name, tenant, tenantState, state, roles, created, modified, passwordChanged, attributes, id } = user
  const rows: [string, string][] = [
    ['user', plain(name)],
    ['tenant', tenantState === 'active' ? plain(tenant) : `${plain(tenant)} (inactive)`],
    ['state', state],
    ['roles', roles.map(plain).join(', ') || '-'],
    ['password', passwordChanged === undefined ? 'none' : `set ${time(passwordChanged)}`],
    ['added', time(created)],
    ['changed', time(modified)],
    ['id', id],
    ...attributes.map(attributeRow),
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  for (const [label, value] of rows) terminal.print(`${label.padEnd(width)}  ${value}`)
}

function attributeRow({ name, value, parts }: DirectoryUser['attributes'][number]): [string, string] {
  const beside = Object.entries(parts ?? {}).map(([part, of]) => `${plain(part)}: ${plain(String(of))}`)
  return [plain(shortAttributeName(name)), plain(value) + (beside.length === 0 ? '' : ` (${beside.join(', ')})`)]
}

function asJson({ created, modified, passwordChanged, ...user }: DirectoryUser) {
  return {
    ...user,
    created: time(created),
    modified: time(modified),
    passwordChanged: passwordChanged === undefined ? null : time(passwordChanged),
  }
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
