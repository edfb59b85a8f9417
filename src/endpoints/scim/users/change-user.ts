import { isDeepStrictEqual } from 'node:util'
import { checkHandOut } from '../../../identity/access/hand-out.ts'
import type { DirectoryUser, UserChange } from '../../../identity/users/directory.ts'
import { nameText } from '../../../identity/users/names.ts'
import { actorOf, type Context } from '../context.ts'
import { checkIfMatch } from '../resource/entity-tag.ts'
import type { Resource } from '../resource/resource.ts'
import { keptAttributes } from '../resource/user-attributes.ts'
import { badRequest, notFound, overtaken, ScimFault } from '../scim-fault.ts'
import { changeableUser } from './describe-users.ts'

export interface UserEdit {
  readonly id: string
  readonly ifMatch: string | undefined
  /** whether users change themselves: then not their name, which bindings and routes know them by */
  readonly self: boolean
  /** What is to become of the user. Throws ScimFault. */
  edit(present: Resource): Resource
}

/** Changes a user, if the principal may, and the version is the one that the client means. Throws ScimFault, and what the directory throws. */
export async function changeUser(context: Context, { id, ifMatch, self, edit }: UserEdit): Promise<DirectoryUser> {
  const { directory, tenant } = context
  const seen = await requireUser(context, id)
  if (!self) await requireAuthorityOver(context, seen)
  const allowedNames = new Set<string>()
  let changed: UserChange = {}
  const decide = (user: DirectoryUser): UserChange => {
    checkIfMatch(ifMatch, user.version)
    // Nobody may have given the user more, since it was looked at whether this is more than the principal has.
    if (user.roles.some(role => !seen.roles.includes(role))) throw overtaken()
    const present = changeableUser(user)
    changed = changeOf(user, present, edit(structuredClone(present)))
    if (changed.name !== undefined && !allowedNames.has(changed.name)) throw new NewName(changed.name)
    return changed
  }
  for (;;) {
    try {
      const user = await directory.users.change(tenant, id, decide)
      tellChange(context, seen, user, changed)
      return user
    } catch (error) {
      if (!(error instanceof NewName)) throw error
      if (self) throw badRequest('mutability', 'userName is changed by an administrator.')
      await requireFreeName(context, error.userName, id)
      allowedNames.add(error.userName)
    }
  }
}

/** Throws ScimFault (404). */
export async function requireUser({ directory, tenant }: Context, id: string): Promise<DirectoryUser> {
  const user = await directory.users.findById(tenant, id)
  if (user === undefined) throw notFound('There is no such user.')
  return user
}

/** Nobody acts on users who have more than they have themselves. Throws ScimFault (403). */
export async function requireAuthorityOver(
  { directory, principal, tenant }: Context,
  { roles }: Pick<DirectoryUser, 'roles'>,
): Promise<void> {
  const refusal = await checkHandOut(directory, principal, tenant, roles)
  if (refusal !== undefined) throw new ScimFault(refusal)
}

/** A new name is as good as a new user, and no two differ in case alone. Throws ScimFault. */
async function requireFreeName(context: Context, name: string, id: string): Promise<void> {
  const refusal = await context.examine('POST', '/Users')
  if (refusal !== undefined) throw new ScimFault(refusal)
  await refuseTakenName(context, name, id)
}

/**
 * The standard compares user names without case, and this server with it: whoever makes users by SCIM makes none that differ in case alone
 * from another. Throws ScimFault (409).
 */
export async function refuseTakenName({ directory, tenant }: Context, name: string, id?: string): Promise<void> {
  const { entries } = await directory.users.search(tenant, {
    filter: { op: 'compare', field: { kind: 'name' }, comparison: 'eq', value: name, caseExact: false },
    limit: 2,
  })
  const other = entries.find(user => user.id !== id)
  if (other !== undefined)
    throw new ScimFault(
      { code: 'conflict', detail: `There is a user ${JSON.stringify(other.name)} already.` },
      'uniqueness',
    )
}

function changeOf(user: DirectoryUser, present: Resource, wanted: Resource): UserChange {
  const { userName, active = present.active, password, ...attributes } = wanted
  const { userName: _, active: __, ...before } = present
  const name = nameText(String(userName))
  const state = active === true ? 'active' : 'locked'
  return {
    ...(name === user.name ? {} : { name }),
    ...(state === user.state ? {} : { state }),
    ...(typeof password === 'string' ? { password } : {}),
    ...(isDeepStrictEqual(attributes, before) ? {} : { attributes: keptAttributes(attributes, user.attributes) }),
  }
}

function tellChange(context: Context, before: DirectoryUser, user: DirectoryUser, change: UserChange): void {
  const changed = Object.keys(change)
  if (changed.length === 0) return
  const action =
    change.state !== undefined && before.state !== user.state
      ? change.state === 'locked'
        ? 'locked'
        : 'unlocked'
      : changed.length === 1 && change.password !== undefined
        ? 'password-set'
        : 'changed'
  context.events.userChanged({ actor: actorOf(context), action, tenant: context.tenant, user: user.name, changed })
}

class NewName extends Error {
  readonly userName: string

  constructor(userName: string) {
    super('a new name')
    this.userName = userName
  }
}
