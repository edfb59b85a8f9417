import type { DirectoryUser } from '../../../identity/users/directory.ts'
import { nameText } from '../../../identity/users/names.ts'
import { actorOf, type Context, type Reply } from '../context.ts'
import type { Resources } from '../operation.ts'
import { applyPatch } from '../patch/apply-patch.ts'
import { readPatch } from '../patch/read-patch.ts'
import { checkIfMatch } from '../resource/entity-tag.ts'
import type { Projection } from '../resource/projection.ts'
import { readResource } from '../resource/read-resource.ts'
import { keptAttributes } from '../resource/user-attributes.ts'
import { userType } from '../schema/user.ts'
import { notFound, overtaken } from '../scim-fault.ts'
import { changeUser, refuseTakenName, requireAuthorityOver, requireUser } from './change-user.ts'
import { describeUsers, userLocation } from './describe-users.ts'

/** What SCIM does with users. */
export const users: Resources = {
  type: userType,

  async create(context, { body, projection }) {
    const { userName, active = true, password, ...attributes } = readResource(userType, body)
    const name = nameText(String(userName))
    await refuseTakenName(context, name)
    const user = await context.directory.users.add({
      tenant: context.tenant,
      name,
      password: typeof password === 'string' ? password : undefined,
      attributes: keptAttributes(attributes, []),
      state: active === true ? 'active' : 'locked',
    })
    context.events.userChanged({ actor: actorOf(context), action: 'added', tenant: context.tenant, user: user.name })
    return told(context, user, projection, 201)
  },

  async read(context, id, { projection }) {
    return told(context, await requireUser(context, id), projection, 200)
  },

  async replace(context, id, { body, ifMatch, projection, self }) {
    const wanted = readResource(userType, body)
    const user = await changeUser(context, { id, ifMatch, self, edit: () => structuredClone(wanted) })
    return told(context, user, projection, 200)
  },

  async patch(context, id, { body, ifMatch, projection, self }) {
    const operations = readPatch(body, context.limits.maxPatchOperations)
    const edit = (present: Parameters<typeof applyPatch>[1]) => {
      applyPatch(userType, present, operations)
      return present
    }
    return told(context, await changeUser(context, { id, ifMatch, self, edit }), projection, 200)
  },

  async remove(context, id, { ifMatch, self }) {
    const { directory, tenant } = context
    const seen = await requireUser(context, id)
    if (!self) await requireAuthorityOver(context, seen)
    await directory.users.remove(tenant, id, user => {
      checkIfMatch(ifMatch, user.version)
      if (user.roles.some(role => !seen.roles.includes(role))) throw overtaken()
    })
    context.events.userChanged({ actor: actorOf(context), action: 'removed', tenant, user: seen.name })
    return { status: 204 }
  },
}

/** The user that the principal is, and what becomes of it by its own hand. Throws ScimFault (404). */
export async function ownId({ directory, principal, tenant }: Context): Promise<string> {
  const user = principal.tenant === tenant ? await directory.users.find(tenant, principal.user) : undefined
  if (user === undefined) throw notFound('You are no user of this tenant.')
  return user.id
}

async function told(context: Context, user: DirectoryUser, projection: Projection, status: 200 | 201): Promise<Reply> {
  const [body] = await describeUsers(context, [user], projection)
  return { status, body: body!, location: userLocation(context.base, user.id), version: user.version }
}
