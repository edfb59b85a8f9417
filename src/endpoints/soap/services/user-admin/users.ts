import { int, list, string, text } from '../../schema/type.ts'
import { isFault, operation } from '../../service.ts'
import { addUser } from '../add-user.ts'
import { changeUser, withUser } from '../change-user.ts'
import { listClaimants } from '../list-by-claim.ts'
import { listUsers } from '../list-names.ts'
import { loginName } from '../login-name.ts'
import { givenName } from '../names.ts'
import { checkPassword, passwordsRefused } from '../passwords.ts'
import { permissions } from '../permissions.ts'
import { failure } from '../refusals.ts'
import { claimValue } from '../user-store/types.ts'
import { deleteUser, setPassword } from '../user-store/users.ts'
import { closed, flaggedName, flaggedUser } from './flagged-name.ts'
import { bulkImportUsers } from './import-users.ts'

/** Operations of the pages for users. */
export const userOperations = {
  listUsers: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { filter: string, limit: int },
    result: list(string),
    run: async ({ filter, limit }, { directory, tenant, limits }) => {
      const { entries } = await listUsers(directory, { tenant, pattern: filter, limit, most: limits.maxListedUsers })
      return entries.map(({ name }) => name)
    },
  }),
  listAllUsers: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { filter: string, limit: int },
    result: list(flaggedName),
    run: async ({ filter, limit }, { directory, tenant, limits }) => {
      const search = { tenant, pattern: filter, limit, most: limits.maxListedUsers }
      return closed(await listUsers(directory, search), ({ name }) => flaggedUser(name, false))
    },
  }),
  listUserByClaim: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { claimValue, filter: string, maxLimit: int },
    result: list(flaggedName),
    run: async ({ claimValue, filter, maxLimit }, call) => {
      const found = await listClaimants(call, claimValue, { pattern: filter, limit: maxLimit })
      return isFault(found) ? found : closed(found, ({ name }) => flaggedUser(name, false))
    },
  }),
  addUser: operation({
    access: [permissions.userCreate],
    effect: 'changes',
    request: { userName: text, password: string, roles: list(string), claims: list(claimValue), profileName: string },
    run: ({ userName, password, roles, claims, profileName }, call) =>
      addUser(call, { name: userName, password, roles, claims, profile: profileName }),
  }),
  bulkImportUsers,
  deleteUser: operation({
    access: [permissions.userDelete],
    effect: 'changes',
    request: { userName: text },
    run: ({ userName }, call) => deleteUser(call, givenName(userName)),
  }),
  changePassword: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: { userName: text, newPassword: text },
    run: ({ userName, newPassword }, call) => setPassword(call, givenName(userName), newPassword),
  }),
  // Nobody is asked who they are: the old password says it, and is counted like one that somebody signs in with.
  changePasswordByUser: operation({
    access: 'anonymous',
    effect: 'changes',
    request: { userName: text, oldPassword: text, newPassword: text },
    run: async ({ userName, oldPassword, newPassword }, call) => {
      if (call.passwords === undefined) return passwordsRefused
      const named = loginName(call, userName)
      const checked = named === undefined ? 'wrong' : await checkPassword(call, { ...named, password: oldPassword })
      if (named === undefined || checked === 'wrong') {
        call.session.refuse()
        return wrongPassword
      }
      if (checked !== 'right') return checked
      const own = { ...call, tenant: named.tenant }
      return withUser(own, named.name, user => changeUser(own, user, () => ({ password: newPassword })))
    },
  }),
}

const wrongPassword = failure(
  'The user name or the password is wrong.',
  'credentials_invalid',
  'Check the user name and the present password.',
)
