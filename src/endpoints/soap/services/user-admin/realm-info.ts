import { claims } from '../../../../identity/users/claims.ts'
import { adminRole } from '../../../../identity/users/directory.ts'
import { boolean, complex, int, list, string } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { permissions, uiExecute } from '../permissions.ts'

const namespace = 'http://common.mgt.user.carbon.wso2.org/xsd'

const userStoreInfo = complex(namespace, 'UserStoreInfo', {
  bulkImportSupported: boolean,
  caseSensitiveUsername: boolean,
  domainName: string,
  externalIdP: string,
  maxRoleLimit: int,
  maxUserLimit: int,
  passwordRegEx: string,
  passwordRegExViolationErrorMsg: string,
  passwordsExternallyManaged: boolean,
  readGroupsEnabled: boolean,
  readOnly: boolean,
  roleNameRegEx: string,
  userNameRegEx: string,
  usernameRegExViolationErrorMsg: string,
  writeGroupsEnabled: boolean,
})

const userRealmInfo = complex(namespace, 'UserRealmInfo', {
  adminRole: string,
  adminUser: string,
  bulkImportSupported: boolean,
  defaultUserClaims: list(string),
  domainNames: list(string),
  enableUIPageCache: boolean,
  everyOneRole: string,
  maxItemsPerUIPage: int,
  maxUIPagesInCache: int,
  multipleUserStore: boolean,
  primaryUserStoreInfo: userStoreInfo,
  requiredUserClaims: list(string),
  userClaims: list(string),
  userStoresInfo: list(userStoreInfo),
})

/** What can be done with users here. Who the administrators are is told to those who handle users, as in the original. */
export const getUserRealmInfo = operation({
  access: [permissions.login],
  effect: 'reads',
  result: userRealmInfo,
  run: async (_none, { caller, directory, tenant, limits }) => {
    const store = {
      bulkImportSupported: true,
      caseSensitiveUsername: true,
      domainName: 'PRIMARY',
      maxRoleLimit: limits.maxListedRoles,
      maxUserLimit: limits.maxListedUsers,
      passwordsExternallyManaged: false,
      readGroupsEnabled: true,
      readOnly: false,
      roleNameRegEx: '^[^,]{1,255}$',
      userNameRegEx: '^.{1,255}$',
      writeGroupsEnabled: true,
    }
    const told = await directory.isAuthorized(tenant, caller?.user ?? '', permissions.identity, uiExecute)
    const uris = claims.flatMap(({ uri, from }) => (from === 'attribute' ? [uri] : []))
    return {
      ...(told && { adminRole, adminUser: (await directory.tenants.find(tenant))?.admin }),
      bulkImportSupported: true,
      defaultUserClaims: uris,
      domainNames: ['PRIMARY'],
      enableUIPageCache: true,
      maxItemsPerUIPage: 15,
      maxUIPagesInCache: 6,
      multipleUserStore: false,
      primaryUserStoreInfo: store,
      requiredUserClaims: [],
      userClaims: uris,
      userStoresInfo: [store],
    }
  },
})
