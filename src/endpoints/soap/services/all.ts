import type { SoapServiceName } from '../options.ts'
import type { Service } from '../service.ts'
import { authenticationAdminService } from './authentication-admin.ts'
import { authorizationService } from './authorization/service.ts'
import { loggedUserInfoAdminService } from './logged-user-info-admin.ts'
import { serverAdminService } from './server-admin.ts'
import { tenantMgtAdminService } from './tenant-mgt/service.ts'
import { userAdminService } from './user-admin/service.ts'
import { userStoreService } from './user-store/service.ts'

export const soapServices: Readonly<Record<SoapServiceName, Service>> = {
  RemoteUserStoreManagerService: userStoreService,
  RemoteAuthorizationManagerService: authorizationService,
  UserAdmin: userAdminService,
  AuthenticationAdmin: authenticationAdminService,
  LoggedUserInfoAdmin: loggedUserInfoAdminService,
  TenantMgtAdminService: tenantMgtAdminService,
  ServerAdmin: serverAdminService,
}
