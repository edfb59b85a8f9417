import type { Principal } from '../../identity/authn/authenticator.ts'
import type { BasicOptions } from '../../identity/authn/basic-options.ts'
import type { Directory, DirectoryUser } from '../../identity/users/directory.ts'
import type { PasswordLogin } from '../../identity/users/password-login.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { SoapOptions } from './options.ts'

/** What an operation may look at and act on, beside what it was asked. */
export interface Call {
  /** who calls; undefined for operations that ask nobody who they are */
  readonly caller: Principal | undefined
  /** in which the call runs: the caller's own, or the one of the address for whoever is not asked */
  readonly tenant: string
  /** whether the address names the tenant, or is that of all of them (`/services/…`) */
  readonly addressed: 'one' | 'any'
  readonly remoteAddress: string
  /** what is changed in it is told as done by the caller */
  readonly directory: Directory
  /** every password that is guessed at is counted there */
  readonly login: PasswordLogin
  /** undefined: nobody signs in by password here */
  readonly passwords: PasswordRules | undefined
  readonly session: CallSession
  readonly events: Pick<Events, 'passwordThrottled'>
  readonly limits: SoapOptions['limits']
  readonly serverVersion: string
}

/** Those of Basic authentication. */
export type PasswordRules = Pick<BasicOptions, 'tenant' | 'tenants'>

/** The session of the client, as cookies of the answer. */
export interface CallSession {
  /** after the right password */
  begin(user: DirectoryUser): Promise<void>
  /** after a wrong one */
  refuse(): void
  end(): Promise<void>
}
