import type { ListedUser } from '../../identity/users/user.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { day } from '../day.ts'
import { plain } from '../terminal.ts'
import { tenantOptions } from '../user-target.ts'

export const command = defineCommand({
  name: ['user', 'list'],
  summary: 'Lists the users of a tenant',
  options: { ...jsonOption, ...tenantOptions },
  examples: ['countersign user list', 'countersign user list --tenant partner --json'],
  async run(ctx) {
    const { terminal, options } = ctx
    const users = await administer(ctx, 'reads', async administration => {
      const all: ListedUser[] = []
      for (let after: string | undefined; ; ) {
        const page = await administration.users.list(options.tenant, { after, limit: 1000 })
        all.push(...page.users)
        after = page.next
        if (after === undefined) return all
      }
    })
    if (options.json) terminal.json({ users: users.map(asJson) })
    else if (users.length === 0) terminal.note(`The tenant ${plain(options.tenant)} has no users.`)
    else terminal.table(['USER', 'STATE', 'ROLES', 'PASSWORD', 'ADDED'], users.map(asRow))
    return exit.yes
  },
})

function asRow({ name, state, roles, passwordChanged, created }: ListedUser): string[] {
  return [
    plain(name),
    state,
    roles.map(plain).join(', ') || '-',
    passwordChanged === undefined ? 'none' : `set ${day(passwordChanged)}`,
    day(created),
  ]
}

function asJson({ id, tenant, name, state, roles, created, passwordChanged }: ListedUser) {
  return {
    id,
    tenant,
    name,
    state,
    roles,
    created: new Date(created).toISOString(),
    passwordChanged: passwordChanged === undefined ? null : new Date(passwordChanged).toISOString(),
  }
}
