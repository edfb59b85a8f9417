import { checkHandOut } from '../../../identity/access/hand-out.ts'
import { adminRole, type Member, type Role } from '../../../identity/users/directory.ts'
import { nameText } from '../../../identity/users/names.ts'
import { actorOf, type Context } from '../context.ts'
import { checkIfMatch } from '../resource/entity-tag.ts'
import type { Complex, Resource } from '../resource/resource.ts'
import { badRequest, notFound, ScimFault } from '../scim-fault.ts'

export interface GroupEdit {
  readonly id: string
  readonly ifMatch: string | undefined
  /** What is to become of the group. Throws ScimFault. */
  edit(present: Resource): Resource
}

/** Changes a group, if the principal may, and the version is the one that the client means. Throws ScimFault, and what the directory throws. */
export async function changeGroup(context: Context, { id, ifMatch, edit }: GroupEdit): Promise<Role> {
  const { directory, tenant } = context
  const seen = await requireGroup(context, id)
  await requireAuthorityOf(context, seen.name)
  const allowedNames = new Set([seen.name])
  let changed: readonly string[] = []
  const decide = (role: Role & { readonly members: readonly Member[] }) => {
    checkIfMatch(ifMatch, role.version)
    const members = role.members.map(({ id: value }) => ({ value }))
    const wanted = edit({ displayName: role.name, ...(members.length === 0 ? {} : { members }) })
    const name = nameText(String(wanted.displayName))
    if (!allowedNames.has(role.name) || !allowedNames.has(name)) throw new OtherName(role.name, name)
    const ids = memberIds(wanted)
    const before = new Set(role.members.map(member => member.id))
    const change = {
      ...(name === role.name ? {} : { name }),
      ...(ids.size === before.size && ids.isSubsetOf(before) ? {} : { members: [...ids] }),
    }
    changed = Object.keys(change)
    if (changed.length === 0) throw new Unchanged()
    return change
  }
  for (;;) {
    try {
      const role = await directory.roles.change(tenant, id, decide)
      context.events.roleChanged({ actor: actorOf(context), action: 'changed', tenant, role: role.name, changed })
      return role
    } catch (error) {
      if (error instanceof Unchanged) return requireGroup(context, id)
      if (!(error instanceof OtherName)) throw error
      await requireAuthorityOf(context, error.present)
      if (error.wanted !== error.present) await requireFreeName(context, error.present, error.wanted, id)
      allowedNames.add(error.present).add(error.wanted)
    }
  }
}

/** Throws ScimFault (404). */
export async function requireGroup({ directory, tenant }: Context, id: string): Promise<Role> {
  const role = await directory.roles.findById(tenant, id)
  if (role === undefined) throw notFound('There is no such group.')
  return role
}

/** Nobody hands out more than they have. Throws ScimFault (403). */
export async function requireAuthorityOf({ directory, principal, tenant }: Context, name: string): Promise<void> {
  const refusal = await checkHandOut(directory, principal, tenant, [name])
  if (refusal !== undefined) throw new ScimFault(refusal)
}

/** No two groups that differ in case alone are made by SCIM. Throws ScimFault (409). */
export async function refuseTakenName({ directory, tenant }: Context, name: string, id?: string): Promise<void> {
  const { entries } = await directory.roles.search(tenant, {
    filter: { op: 'compare', field: { kind: 'name' }, comparison: 'eq', value: name, caseExact: false },
    limit: 2,
  })
  const other = entries.find(role => role.id !== id)
  if (other !== undefined)
    throw new ScimFault(
      { code: 'conflict', detail: `There is a group ${JSON.stringify(other.name)} already.` },
      'uniqueness',
    )
}

export function memberIds({ members }: Resource): Set<string> {
  return new Set(((members as readonly Complex[] | undefined) ?? []).map(({ value }) => String(value)))
}

async function requireFreeName(context: Context, present: string, wanted: string, id: string): Promise<void> {
  if (present === adminRole)
    throw badRequest('mutability', `The group ${adminRole} keeps its name: the server goes by it.`)
  const refusal = await context.examine('POST', '/Groups')
  if (refusal !== undefined) throw new ScimFault(refusal)
  await requireAuthorityOf(context, wanted)
  await refuseTakenName(context, wanted, id)
}

class Unchanged extends Error {}

class OtherName extends Error {
  readonly present: string
  readonly wanted: string

  constructor(present: string, wanted: string) {
    super('another name')
    this.present = present
    this.wanted = wanted
  }
}
