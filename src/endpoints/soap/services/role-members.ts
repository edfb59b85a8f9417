import type { DirectoryUser, Role } from '../../../identity/users/directory.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import { missingRole } from './add-user.ts'
import { changeUser, withUser } from './change-user.ts'
import { mayHandle } from './permissions.ts'
import { unknownRole, unknownUser } from './refusals.ts'

/** What a user or a role loses and gets; what is in both is got. */
export interface Membership {
  readonly taken: readonly string[]
  readonly given: readonly string[]
}

/** Takes roles from a user and gives it others. */
export function changeRoles(call: Call, name: string, { taken, given }: Membership): Promise<Fault | undefined> {
  return withUser(call, name, async user => {
    const refusal = (await missingRole(call, given)) ?? (await mayHandle(call, [...taken, ...given]))
    return refusal ?? changeUser(call, user, ({ roles }) => ({ roles: exchanged(roles, taken, given) }))
  })
}

/** Gives a user exactly these roles. */
export function setRoles(call: Call, name: string, roles: readonly string[]): Promise<Fault | undefined> {
  return withUser(call, name, user =>
    changeRoles(call, name, { taken: user.roles.filter(role => !roles.includes(role)), given: roles }),
  )
}

/** Takes a role from users and gives it to others. */
export function changeMembers(call: Call, name: string, { taken, given }: Membership): Promise<Fault | undefined> {
  return withRole(call, name, async role => {
    const refusal = await mayHandle(call, [role.name])
    if (refusal !== undefined) return refusal
    const lost = await usersNamed(call, taken)
    const got = await usersNamed(call, given)
    if ('ok' in lost) return lost
    if ('ok' in got) return got
    const ids = (users: readonly DirectoryUser[]) => users.map(({ id }) => id)
    await call.directory.roles.change(call.tenant, role.id, ({ members }) => ({
      members: exchanged(
        members.map(({ id }) => id),
        ids(lost),
        ids(got),
      ),
    }))
    return undefined
  })
}

/** What `work` makes of the role of that name; a fault when there is none. */
export async function withRole<T>(
  { directory, tenant }: Call,
  name: string,
  work: (role: Role) => Promise<T | Fault> | T | Fault,
): Promise<T | Fault> {
  const role = await directory.roles.find(tenant, name)
  return role === undefined ? unknownRole(name) : work(role)
}

export async function usersNamed(
  { directory, tenant }: Call,
  names: readonly string[],
): Promise<DirectoryUser[] | Fault> {
  const users: DirectoryUser[] = []
  for (const name of names) {
    const user = await directory.users.find(tenant, name)
    if (user === undefined) return unknownUser(name)
    users.push(user)
  }
  return users
}

function exchanged(present: readonly string[], taken: readonly string[], given: readonly string[]): string[] {
  return [...new Set([...present.filter(each => !taken.includes(each)), ...given])]
}
