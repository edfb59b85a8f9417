import type { Directory, DirectoryUser } from '../../../identity/users/directory.ts'
import type { Context } from '../context.ts'
import { writeDateTime } from '../resource/date-time.ts'
import { entityTag } from '../resource/entity-tag.ts'
import type { Projection } from '../resource/projection.ts'
import { type Complex, isComplex, type Resource } from '../resource/resource.ts'
import { shownAttributes } from '../resource/user-attributes.ts'
import { enterpriseUser, userSchema, userType } from '../schema/user.ts'

/** Users as SCIM shows them, in the same order. */
export async function describeUsers(
  { base, directory, tenant }: Pick<Context, 'base' | 'directory' | 'tenant'>,
  users: readonly DirectoryUser[],
  projection: Projection,
): Promise<object[]> {
  const names = projection.wants('groups') ? users.flatMap(({ roles }) => roles) : []
  const ids = await roleIds(directory, tenant, new Set(names))
  return users.map(user => projection.project(describe(user, base, ids)))
}

export function userLocation(base: string, id: string): string {
  return `${base}${userType.endpoint}/${id}`
}

/** What a client may change about the user: everything but what only this server sets. */
export function changeableUser({ name, state, attributes }: DirectoryUser): Resource {
  return { userName: name, active: state === 'active', ...shownAttributes(attributes) }
}

function describe(user: DirectoryUser, base: string, ids: ReadonlyMap<string, string>): Resource {
  const { id, roles, created, modified, version } = user
  const { externalId, [enterpriseUser.id]: extension, ...attributes } = changeableUser(user)
  const groups = roles.flatMap((name): Complex[] => {
    const value = ids.get(name)
    return value === undefined ? [] : [{ value, $ref: `${base}/Groups/${value}`, display: name, type: 'direct' }]
  })
  return {
    schemas: extension === undefined ? [userSchema.id] : [userSchema.id, enterpriseUser.id],
    id,
    ...(externalId === undefined ? {} : { externalId }),
    ...attributes,
    ...(groups.length === 0 ? {} : { groups }),
    ...(extension === undefined ? {} : { [enterpriseUser.id]: withManager(extension, base) }),
    meta: {
      resourceType: userType.name,
      created: writeDateTime(created),
      lastModified: writeDateTime(modified),
      location: userLocation(base, id),
      version: entityTag(version),
    },
  }
}

function withManager(extension: Resource[string], base: string): Resource[string] {
  const { manager, ...rest } = extension as Resource
  if (!isComplex(manager)) return extension
  return { ...rest, manager: { ...manager, $ref: userLocation(base, String(manager.value)) } } as Resource[string]
}

/** Names that one search asks for: the directory looks at so many conditions at a time. */
const namesAtATime = 100

async function roleIds(
  directory: Directory,
  tenant: string,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  const all = [...names]
  for (let i = 0; i < all.length; i += namesAtATime) {
    const some = all.slice(i, i + namesAtATime)
    const found = await directory.roles.search(tenant, {
      filter: {
        op: 'or',
        of: some.map(value => ({ op: 'compare', field: { kind: 'name' }, comparison: 'eq', value, caseExact: true })),
      },
      limit: namesAtATime,
    })
    for (const { id, name } of found.entries) ids.set(name, id)
  }
  return ids
}
