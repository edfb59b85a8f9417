import { boolean, int, list, long, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { withUser } from '../change-user.ts'
import { givenName } from '../names.ts'
import { permissions } from '../permissions.ts'
import { profile } from '../profiles.ts'
import { failure, notOffered } from '../refusals.ts'
import { arrayOfString, tenant as tenantType } from './types.ts'

/** Operations about the store itself. */
export const storeOperations = {
  isReadOnly: operation({
    access: [permissions.userView],
    effect: 'reads',
    result: boolean,
    run: () => false,
  }),
  getTenantId: operation({
    access: [permissions.userView],
    effect: 'reads',
    result: int,
    run: async (_none, { directory, tenant }) => (await directory.tenants.find(tenant))?.number ?? noTenant,
  }),
  getTenantIdofUser: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { username: text },
    result: int,
    run: ({ username }, call) =>
      withUser(
        call,
        givenName(username),
        async ({ tenant }) => (await call.directory.tenants.find(tenant))?.number ?? noTenant,
      ),
  }),
  // As in the original's LDAP store, which Identity Server comes with: users have no numbers.
  getUserId: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { username: text },
    result: int,
    run: () =>
      notOffered('Invalid operation: users have no numbers here.', 'Read the claim http://wso2.org/claims/userid.'),
  }),
  getPasswordExpirationTime: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { username: text },
    result: long,
    // Never.
    run: ({ username }, call) => withUser(call, givenName(username), () => -1),
  }),
  getProfileNames: operation({
    access: [permissions.profileView],
    effect: 'reads',
    request: { userName: text },
    result: list(string),
    run: ({ userName }, call) => withUser(call, givenName(userName), () => [profile]),
  }),
  getAllProfileNames: operation({
    access: [permissions.profileView],
    effect: 'reads',
    result: list(string),
    run: () => [profile],
  }),
  // Settings of a store, names of data sources and the like: there are none that a client could read.
  getProperties: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { tenant: tenantType },
    result: list(arrayOfString),
    run: () => [],
  }),
}

const noTenant = failure('The tenant is not there any more.', 'ERR_TENANT_UNKNOWN', 'Ask the administrator.')
