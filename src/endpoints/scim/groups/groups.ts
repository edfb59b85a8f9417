import { isCoded } from '../../../errors.ts'
import { adminRole, type Role } from '../../../identity/users/directory.ts'
import { nameText } from '../../../identity/users/names.ts'
import { actorOf, type Context, type Reply } from '../context.ts'
import type { Resources } from '../operation.ts'
import { applyPatch } from '../patch/apply-patch.ts'
import { readPatch } from '../patch/read-patch.ts'
import { checkIfMatch } from '../resource/entity-tag.ts'
import type { Projection } from '../resource/projection.ts'
import { readResource } from '../resource/read-resource.ts'
import type { Resource } from '../resource/resource.ts'
import { groupType } from '../schema/group.ts'
import { badRequest, overtaken } from '../scim-fault.ts'
import { changeGroup, memberIds, refuseTakenName, requireAuthorityOf, requireGroup } from './change-group.ts'
import { describeGroups, groupLocation } from './describe-groups.ts'

/** What SCIM does with groups, which are the roles of the tenant. */
export const groups: Resources = {
  type: groupType,

  async create(context, { body, projection }) {
    const wanted = readResource(groupType, body, context.limits.maxMembers)
    const name = nameText(String(wanted.displayName))
    await requireAuthorityOf(context, name)
    await refuseTakenName(context, name)
    const { directory, tenant } = context
    const role = await withMembers(directory.roles.add({ tenant, name, members: [...memberIds(wanted)] }))
    context.events.roleChanged({ actor: actorOf(context), action: 'added', tenant, role: role.name })
    return told(context, role, projection, 201)
  },

  async read(context, id, { projection }) {
    return told(context, await requireGroup(context, id), projection, 200)
  },

  async replace(context, id, { body, ifMatch, projection }) {
    const wanted = readResource(groupType, body, context.limits.maxMembers)
    const role = await withMembers(changeGroup(context, { id, ifMatch, edit: () => wanted }))
    return told(context, role, projection, 200)
  },

  async patch(context, id, { body, ifMatch, projection }) {
    const operations = readPatch(body, context.limits.maxPatchOperations)
    const edit = (present: Resource) => {
      applyPatch(groupType, present, operations, context.limits.maxMembers)
      return present
    }
    return told(context, await withMembers(changeGroup(context, { id, ifMatch, edit })), projection, 200)
  },

  async remove(context, id, { ifMatch }) {
    const { directory, tenant } = context
    const seen = await requireGroup(context, id)
    await requireAuthorityOf(context, seen.name)
    if (seen.name === adminRole) throw badRequest('mutability', `The group ${adminRole} stays: the server goes by it.`)
    await directory.roles.remove(tenant, id, role => {
      checkIfMatch(ifMatch, role.version)
      // By another name it may give more than was looked at.
      if (role.name !== seen.name) throw overtaken()
    })
    context.events.roleChanged({ actor: actorOf(context), action: 'removed', tenant, role: seen.name })
    return { status: 204 }
  },
}

/** A member who is no user of the tenant is a wrong value, not a missing resource. */
async function withMembers(change: Promise<Role>): Promise<Role> {
  return change.catch(error => {
    if (isCoded(error, 'ERR_USER_UNKNOWN')) throw badRequest('invalidValue', 'A member is no user of this tenant.')
    throw error
  })
}

async function told(context: Context, role: Role, projection: Projection, status: 200 | 201): Promise<Reply> {
  const [body] = await describeGroups(context, [role], projection)
  return { status, body: body!, location: groupLocation(context.base, role.id), version: role.version }
}
