import type { Permission, Role } from '../../../identity/users/directory.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import { givenName, givenNames } from './names.ts'
import { mayHandle, mayPermit, uiExecute } from './permissions.ts'
import { failure } from './refusals.ts'
import { usersNamed, withRole } from './role-members.ts'

export interface NewRoleCall {
  readonly name: string
  readonly members: readonly string[]
  readonly permissions: readonly Omit<Permission, 'effect'>[]
}

/** Adds a role that gives no more than the caller has. */
export async function addRole(call: Call, { name, members, permissions }: NewRoleCall): Promise<Fault | undefined> {
  const { directory, tenant } = call
  const role = givenName(name)
  const allowed = permissions.map(permission => ({ ...permission, effect: 'allow' }) as const)
  const refusal = (await mayHandle(call, [role])) ?? (await mayPermit(call, role, allowed))
  if (refusal !== undefined) return refusal
  const users = await usersNamed(call, givenNames(members))
  if ('ok' in users) return users
  await directory.roles.add({ tenant, name: role, members: users.map(({ id }) => id), permissions: allowed })
  return undefined
}

export function removeRole(call: Call, name: string): Promise<Fault | undefined> {
  return withRole(call, givenName(name), async role => {
    const refusal = await mayHandle(call, [role.name])
    if (refusal !== undefined) return refusal
    await call.directory.roles.remove(call.tenant, role.id)
    return undefined
  })
}

/** A role is what it is called, to routes and to the store: whoever renames one handles both. */
export function renameRole(call: Call, name: string, next: string): Promise<Fault | undefined> {
  return withRole(call, givenName(name), async role => {
    const renamed = givenName(next)
    const refusal = await mayHandle(call, [role.name, renamed])
    if (refusal !== undefined) return refusal
    await call.directory.roles.change(call.tenant, role.id, () => ({ name: renamed }))
    return undefined
  })
}

/** The path of a permission as it was sent; a slash at its end says nothing. */
export function readResource(sent: string | undefined): string | Fault {
  if (sent === undefined || !sent.startsWith('/')) {
    return failure(
      'A permission is named by a path that begins with a slash.',
      'ERR_PERMISSION_UNFIT',
      'Send its path.',
    )
  }
  return sent.length > 1 ? sent.replace(/\/$/, '') : sent
}

/** Every role of the tenant, page by page. */
export async function* everyRole({ directory, tenant }: Call): AsyncGenerator<Role> {
  const limit = 1000
  for (let offset = 0; ; offset += limit) {
    const { entries } = await directory.roles.search(tenant, { offset, limit })
    yield* entries
    if (entries.length < limit) return
  }
}

export function readResources(sent: readonly string[]): string[] | Fault {
  const resources: string[] = []
  for (const each of sent) {
    const resource = readResource(each)
    if (typeof resource !== 'string') return resource
    resources.push(resource)
  }
  return [...new Set(resources)]
}

/** Gives the role exactly these permissions to use services and pages; others stay as they are. */
export async function setUiPermissions(call: Call, role: string, sent: readonly string[]): Promise<Fault | undefined> {
  const resources = readResources(sent)
  if (!Array.isArray(resources)) return resources
  const { directory, tenant } = call
  const present = (await directory.roles.permissions(tenant, role)).filter(({ action }) => action === uiExecute)
  const allowed = resources.map(resource => ({ resource, action: uiExecute, effect: 'allow' }) as const)
  const refusal = (await mayHandle(call, [role])) ?? (await mayPermit(call, role, allowed))
  if (refusal !== undefined) return refusal
  for (const each of present) {
    if (!resources.includes(each.resource)) await directory.roles.permit(tenant, role, each, 'none')
  }
  for (const each of allowed) await directory.roles.permit(tenant, role, each, 'allow')
  return undefined
}
