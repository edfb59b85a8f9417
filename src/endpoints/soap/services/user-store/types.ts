import { boolean, complex, date, int, list, string } from '../../schema/type.ts'

/** Of the services for user stores, and of the elements of their calls. */
export const namespace = 'http://service.ws.um.carbon.wso2.org'

const dao = 'http://dao.service.ws.um.carbon.wso2.org/xsd'
const api = 'http://api.user.carbon.wso2.org/xsd'

export const claimValue = complex('http://common.mgt.user.carbon.wso2.org/xsd', 'ClaimValue', {
  claimURI: string,
  value: string,
})

export const claimDto = complex(dao, 'ClaimDTO', {
  claimUri: string,
  description: string,
  dialectURI: string,
  displayOrder: int,
  displayTag: string,
  regEx: string,
  required: boolean,
  supportedByDefault: boolean,
  value: string,
})

export const permissionDto = complex(dao, 'PermissionDTO', { action: string, resourceId: string })

export const arrayOfString = complex(namespace, 'ArrayOfString', { array: list(string) })

const realmConfiguration: ReturnType<typeof complex> = complex(api, 'RealmConfiguration', () => ({
  addAdmin: string,
  adminPassword: string,
  adminRoleName: string,
  adminUserName: string,
  authorizationManagerClass: string,
  authzProperties: list(string),
  description: string,
  everyOneRoleName: string,
  multipleCredentialProps: list(string),
  passwordsExternallyManaged: boolean,
  persistedTimestamp: date,
  primary: boolean,
  realmClassName: string,
  realmProperties: list(string),
  secondaryRealmConfig: realmConfiguration,
  tenantId: int,
  userStoreClass: string,
  userStoreProperties: list(string),
}))

const apiTenant = complex(api, 'Tenant', {
  active: boolean,
  adminFirstName: string,
  adminFullName: string,
  adminLastName: string,
  adminName: string,
  adminPassword: string,
  createdDate: date,
  domain: string,
  email: string,
  id: int,
  realmConfig: realmConfiguration,
})

export const tenant = complex('http://tenant.core.user.carbon.wso2.org/xsd', 'Tenant', {}, { base: apiTenant })
