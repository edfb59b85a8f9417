import type { Permission, Role } from '../../identity/users/directory.ts'
import { administer } from '../administration.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { day } from '../day.ts'
import { roleOptions } from '../role-target.ts'
import { plain } from '../terminal.ts'

interface ListedRole extends Role {
  readonly permissions: readonly Permission[]
}

export const command = defineCommand({
  name: ['role', 'list'],
  summary: 'Lists the roles of a tenant and their permissions',
  options: { ...jsonOption, ...roleOptions },
  examples: ['countersign role list', 'countersign role list --tenant partner.example --json'],
  async run(ctx) {
    const { terminal, options } = ctx
    const { tenant } = options
    const roles = await administer(ctx, 'reads', async ({ directory }) => {
      const all: ListedRole[] = []
      for (;;) {
        const page = await directory.roles.search(tenant, { offset: all.length, limit: 1000 })
        for (const role of page.entries) {
          all.push({ ...role, permissions: await directory.roles.permissions(tenant, role.name) })
        }
        if (page.entries.length === 0 || all.length >= page.total) return all
      }
    })
    if (options.json) terminal.json({ roles: roles.map(asJson) })
    else if (roles.length === 0) terminal.note(`The tenant ${plain(tenant)} has no roles.`)
    else terminal.table(['ROLE', 'ADDED', 'PERMISSIONS'], roles.map(asRow))
    return exit.yes
  },
})

function asRow({ name, created, permissions }: ListedRole): string[] {
  const text = permissions.map(({ resource, action, effect }) => {
    const path = action === 'ui.execute' ? resource : `${resource}=${action}`
    return plain(effect === 'deny' ? `not ${path}` : path)
  })
  return [plain(name), day(created), text.join(', ') || '-']
}

function asJson({ id, tenant, name, created, modified, permissions }: ListedRole) {
  return {
    id,
    tenant,
    name,
    created: new Date(created).toISOString(),
    modified: new Date(modified).toISOString(),
    permissions,
  }
}
