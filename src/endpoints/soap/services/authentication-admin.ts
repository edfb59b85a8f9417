import type { DirectoryUser } from '../../../identity/users/directory.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import { boolean, complex, int, string, text } from '../schema/type.ts'
import { operation, operations, type Service } from '../service.ts'
import { type LoginName, loginName } from './login-name.ts'
import { checkPassword, passwordsRefused } from './passwords.ts'
import { permissions, uiExecute } from './permissions.ts'
import { notOffered } from './refusals.ts'

const namespace = 'http://authentication.services.core.carbon.wso2.org'

const rememberMeData = complex(`${namespace}/xsd`, 'RememberMeData', {
  authenticated: boolean,
  maxAge: int,
  value: string,
})

/** What the client says of itself (`remoteAddress`) is not believed: the connection tells. */
const credentials = { username: text, password: text, remoteAddress: string } as const

export const authenticationAdminService: Service = {
  name: 'AuthenticationAdmin',
  summary: 'Sign-in by password for a session, and the end of any session.',
  namespace,
  callers: 'every-tenant',
  exception: {
    element: 'AuthenticationException',
    child: 'AuthenticationException',
    type: { namespace: 'http://common.core.carbon.wso2.org/xsd', name: 'AuthenticationException' },
    perOperation: ['login', 'logout', 'loginWithRememberMeOption'],
  },
  operations: operations({
    login: operation({
      access: 'anonymous',
      effect: 'changes',
      request: credentials,
      result: boolean,
      run: ({ username, password }, call) => login(call, username, password),
    }),
    logout: operation({
      access: 'anonymous',
      effect: 'changes',
      run: async (_none, { session }) => {
        await session.end()
        return undefined
      },
    }),
    loginWithRememberMeOption: operation({
      access: 'anonymous',
      effect: 'changes',
      request: credentials,
      result: rememberMeData,
      run: () => noMemory,
    }),
    loginWithRememberMeCookie: operation({
      access: 'anonymous',
      effect: 'changes',
      request: { cookie: string },
      result: boolean,
      run: () => noMemory,
    }),
    getAuthenticatorName: operation({
      access: 'anonymous',
      effect: 'reads',
      result: string,
      run: () => 'AuthenticationAdmin',
    }),
    isDisabled: operation({
      access: 'anonymous',
      effect: 'reads',
      result: boolean,
      run: (_none, { passwords }) => passwords === undefined,
    }),
    // Of no meaning here: which authenticator is asked when stands in the configuration.
    getPriority: operation({ access: 'anonymous', effect: 'reads', result: int, run: () => 5 }),
  }),
}

/** Like the original it says yes only to those who may sign in to services at all, and one no for every reason. */
async function login(call: Call, username: string, password: string): Promise<boolean | Fault> {
  if (call.passwords === undefined) return passwordsRefused
  const named = loginName(call, username)
  const checked = named === undefined ? 'wrong' : await checkPassword(call, { ...named, password })
  if (checked !== 'right' && checked !== 'wrong') return checked
  const user = checked === 'right' ? await holder(call, named!) : undefined
  if (user === undefined) {
    call.session.refuse()
    return false
  }
  await call.session.begin(user)
  return true
}

async function holder({ directory }: Call, { tenant, name }: LoginName): Promise<DirectoryUser | undefined> {
  const may = await directory.isAuthorized(tenant, name, permissions.login, uiExecute)
  return may ? directory.users.find(tenant, name) : undefined
}

const noMemory = notOffered(
  'Sessions are not remembered for longer than they are used.',
  'Sign in again, or present a client certificate.',
)
