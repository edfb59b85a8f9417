import { operations, type Service } from '../../service.ts'
import { namespace } from '../user-store/types.ts'
import { askingOperations } from './ask.ts'
import { changingOperations } from './change.ts'

export const authorizationService: Service = {
  name: 'RemoteAuthorizationManagerService',
  summary: 'Which roles, and so which users, hold which permissions.',
  namespace,
  callers: 'every-tenant',
  exception: {
    element: 'UserStoreException',
    child: 'UserStoreException',
    type: { namespace: 'http://core.user.carbon.wso2.org/xsd', name: 'UserStoreException' },
  },
  operations: operations({ ...askingOperations, ...changingOperations }),
}
