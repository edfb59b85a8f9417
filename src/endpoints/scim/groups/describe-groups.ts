import type { Member, Role } from '../../../identity/users/directory.ts'
import type { Context } from '../context.ts'
import { writeDateTime } from '../resource/date-time.ts'
import { entityTag } from '../resource/entity-tag.ts'
import type { Projection } from '../resource/projection.ts'
import type { Resource } from '../resource/resource.ts'
import { groupSchema, groupType } from '../schema/group.ts'
import { badRequest } from '../scim-fault.ts'

type Place = Pick<Context, 'base' | 'directory' | 'tenant' | 'limits'>

/** Groups as SCIM shows them, in the same order. Throws ScimFault (tooMany) when they have more members than one answer tells. */
export async function describeGroups(place: Place, roles: readonly Role[], projection: Projection): Promise<object[]> {
  const described: object[] = []
  let left = place.limits.maxMembers
  for (const role of roles) {
    const members = projection.wants('members') ? await membersOf(place, role, left) : []
    left -= members.length
    described.push(projection.project(describe(role, members, place.base)))
  }
  return described
}

export function groupLocation(base: string, id: string): string {
  return `${base}${groupType.endpoint}/${id}`
}

/** Counted before they are read. */
async function membersOf({ directory, tenant }: Place, { id }: Role, most: number): Promise<readonly Member[]> {
  const { total } = await directory.users.search(tenant, {
    filter: { op: 'compare', field: { kind: 'role-id' }, comparison: 'eq', value: id, caseExact: true },
    limit: 0,
  })
  if (total > most)
    throw badRequest('tooMany', 'There are more members than one answer tells. Ask with excludedAttributes=members.')
  return total === 0 ? [] : directory.roles.members(tenant, id)
}

function describe({ id, name, created, modified, version }: Role, members: readonly Member[], base: string): Resource {
  return {
    schemas: [groupSchema.id],
    id,
    displayName: name,
    ...(members.length === 0
      ? {}
      : {
          members: members.map(member => ({
            value: member.id,
            $ref: `${base}/Users/${member.id}`,
            display: member.name,
            type: 'User',
          })),
        }),
    meta: {
      resourceType: groupType.name,
      created: writeDateTime(created),
      lastModified: writeDateTime(modified),
      location: groupLocation(base, id),
      version: entityTag(version),
    },
  }
}
