import { operations, type Service } from '../../service.ts'
import { claimOperations } from './claims.ts'
import { roleOperations } from './roles.ts'
import { storeOperations } from './store.ts'
import { namespace } from './types.ts'
import { userOperations } from './users.ts'

export const userStoreService: Service = {
  name: 'RemoteUserStoreManagerService',
  summary: 'Users, what is known of them, and their roles.',
  namespace,
  callers: 'every-tenant',
  exception: {
    element: 'RemoteUserStoreManagerServiceUserStoreException',
    child: 'UserStoreException',
    type: {
      namespace: 'http://core.user.carbon.wso2.org/xsd',
      name: 'UserStoreException',
      base: 'http://api.user.carbon.wso2.org/xsd',
    },
  },
  operations: operations({ ...userOperations, ...claimOperations, ...roleOperations, ...storeOperations }),
}
