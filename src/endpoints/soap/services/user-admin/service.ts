import { operations, type Service } from '../../service.ts'
import { permissionTreeOperations } from './permission-tree.ts'
import { getUserRealmInfo } from './realm-info.ts'
import { roleOperations } from './roles.ts'
import { userOperations } from './users.ts'
import { withPermissionOperations } from './with-permission.ts'

export const userAdminService: Service = {
  name: 'UserAdmin',
  summary: 'Users and roles, as the pages of the management console handle them.',
  namespace: 'http://org.apache.axis2/xsd',
  wsdlNamespace: 'http://mgt.user.carbon.wso2.org',
  callers: 'every-tenant',
  exception: {
    element: 'UserAdminUserAdminException',
    child: 'UserAdminException',
    type: { namespace: 'http://mgt.user.carbon.wso2.org/xsd', name: 'UserAdminException', message: 'message' },
  },
  operations: operations({
    ...userOperations,
    ...roleOperations,
    ...withPermissionOperations,
    ...permissionTreeOperations,
    getUserRealmInfo,
  }),
}
