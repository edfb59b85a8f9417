import { complex, list, string } from '../schema/type.ts'
import { operation, operations, type Service } from '../service.ts'
import { uiResources } from './authorization/ui-resources.ts'
import { withUser } from './change-user.ts'
import { permissions } from './permissions.ts'

const namespace = 'http://loggeduserinfo.services.core.carbon.wso2.org'

const loggedUserInfo = complex(
  'http://common.core.carbon.wso2.org/xsd',
  'LoggedUserInfo',
  { UIPermissionOfUser: list(string), passwordExpiration: string, userName: string },
  { group: 'all' },
)

export const loggedUserInfoAdminService: Service = {
  name: 'LoggedUserInfoAdmin',
  summary: 'Who the caller is.',
  namespace,
  callers: 'every-tenant',
  exception: {
    element: 'Exception',
    child: 'Exception',
    type: { namespace, name: 'Exception', message: 'Exception', messageType: 'anyType' },
  },
  operations: operations({
    getUserInfo: operation({
      access: [permissions.login],
      effect: 'reads',
      result: loggedUserInfo,
      shape: 'no-request-part',
      run: (_none, call) =>
        withUser(call, call.caller?.user ?? '', async user => ({
          UIPermissionOfUser: await uiResources(call, user, '/permission'),
          userName: user.name,
        })),
    }),
  }),
}
