import type { DirectoryUser, UserChange } from '../../../identity/users/directory.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import { failure, unknownUser } from './refusals.ts'

/** What `work` makes of the user of that name; a fault when there is none. */
export async function withUser<T>(
  { directory, tenant }: Call,
  name: string,
  work: (user: DirectoryUser) => Promise<T | Fault> | T | Fault,
): Promise<T | Fault> {
  const user = await directory.users.find(tenant, name)
  return user === undefined ? unknownUser(name) : work(user)
}

/** Changes a user whom the caller may act upon: nobody may have given the user more meanwhile than was looked at. */
export async function changeUser(
  { directory, tenant }: Call,
  seen: DirectoryUser,
  decide: (user: DirectoryUser) => UserChange,
): Promise<Fault | undefined> {
  try {
    await directory.users.change(tenant, seen.id, user => {
      if (user.roles.some(role => !seen.roles.includes(role))) throw new Overtaken()
      return decide(user)
    })
    return undefined
  } catch (error) {
    if (error instanceof Overtaken) return overtaken
    throw error
  }
}

class Overtaken extends Error {}

const overtaken = failure('The user was given other roles at the same moment.', 'service_unavailable', 'Call again.')
