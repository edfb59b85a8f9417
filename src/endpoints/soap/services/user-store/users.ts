import type { Call } from '../../call.ts'
import { boolean, int, list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { addUser } from '../add-user.ts'
import { changeUser, withUser } from '../change-user.ts'
import { listUsers } from '../list-names.ts'
import { givenName, givenNames } from '../names.ts'
import { checkPassword } from '../passwords.ts'
import { mayActUpon, permissions } from '../permissions.ts'
import { failure, notOffered } from '../refusals.ts'
import { changeRoles } from '../role-members.ts'
import { claimValue } from './types.ts'

/** Operations on users: their names, passwords and lives. */
export const userOperations = {
  isExistingUser: operation({
    access: [permissions.identity],
    effect: 'reads',
    request: { userName: text },
    result: boolean,
    run: async ({ userName }, { directory, tenant }) =>
      (await directory.users.find(tenant, givenName(userName))) !== undefined,
  }),
  // It tells whether a password is right, and counts when it is not: nothing for a GET, which leaves it in logs besides.
  authenticate: operation({
    access: [permissions.identity],
    effect: 'changes',
    request: { userName: text, credential: text },
    result: boolean,
    run: async ({ userName, credential }, call) => {
      const checked = await checkPassword(call, {
        tenant: call.tenant,
        name: givenName(userName),
        password: credential,
      })
      return typeof checked === 'string' ? checked === 'right' : checked
    },
  }),
  listUsers: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { filter: string, maxItemLimit: int },
    result: list(string),
    run: async ({ filter, maxItemLimit }, call) => {
      const { entries } = await listUsers(call.directory, {
        tenant: call.tenant,
        pattern: filter,
        limit: maxItemLimit,
        most: call.limits.maxListedUsers,
      })
      return entries.map(({ name }) => name)
    },
  }),
  addUser: operation({
    access: [permissions.userCreate],
    effect: 'changes',
    request: {
      userName: text,
      credential: string,
      roleList: list(string),
      claims: list(claimValue),
      profileName: string,
      requirePasswordChange: boolean,
    },
    run: async ({ userName, credential, roleList, claims, profileName, requirePasswordChange }, call) => {
      if (requirePasswordChange) {
        return notOffered('That a password is changed at the first sign-in cannot be asked for here.', 'Send false.')
      }
      return addUser(call, { name: userName, password: credential, roles: roleList, claims, profile: profileName })
    },
  }),
  deleteUser: operation({
    access: [permissions.userDelete],
    effect: 'changes',
    request: { userName: text },
    run: ({ userName }, call) => deleteUser(call, givenName(userName)),
  }),
  updateCredential: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: { userName: text, newCredential: text, oldCredential: text },
    run: async ({ userName, newCredential, oldCredential }, call) => {
      const name = givenName(userName)
      const checked = await checkPassword(call, { tenant: call.tenant, name, password: oldCredential })
      if (typeof checked !== 'string') return checked
      // One answer for a wrong password and for nobody (invariant 8).
      if (checked === 'wrong') return wrongPassword
      return withUser(call, name, user => changeUser(call, user, () => ({ password: newCredential })))
    },
  }),
  updateCredentialByAdmin: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: { userName: text, newCredential: text },
    run: ({ userName, newCredential }, call) => setPassword(call, givenName(userName), newCredential),
  }),
  getRoleListOfUser: operation({
    access: [permissions.roleView],
    effect: 'reads',
    request: { userName: text },
    result: list(string),
    run: ({ userName }, call) => withUser(call, givenName(userName), ({ roles }) => roles),
  }),
  updateRoleListOfUser: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: { userName: text, deletedRoles: list(string), newRoles: list(string) },
    run: async ({ userName, deletedRoles, newRoles }, call) =>
      changeRoles(call, givenName(userName), { taken: givenNames(deletedRoles), given: givenNames(newRoles) }),
  }),
}

export async function deleteUser(call: Call, name: string) {
  return withUser(call, name, async user => {
    const refusal = await mayActUpon(call, user)
    if (refusal !== undefined) return refusal
    await call.directory.users.remove(call.tenant, user.id)
    return undefined
  })
}

/** Of somebody else, without knowing the present one. */
export async function setPassword(call: Call, name: string, password: string) {
  return withUser(
    call,
    name,
    async user => (await mayActUpon(call, user)) ?? changeUser(call, user, () => ({ password })),
  )
}

const wrongPassword = failure(
  'The old credential is not that of the user.',
  'credentials_invalid',
  'Check the user name and the present password.',
)
