import type { Principal } from '../../identity/authn/authenticator.ts'
import type { Directory } from '../../identity/users/directory.ts'
import type { ProblemSource } from '../../server/http/problem.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { ScimOptions } from './options.ts'

/** What every operation of one request works with. */
export interface Context {
  readonly principal: Principal
  /** of the address; the access table has let the principal come to it */
  readonly tenant: string
  /** absolute, without a slash at its end: `https://id.example.org/t/wso2.com/scim2` */
  readonly base: string
  readonly directory: Directory
  readonly events: Pick<Events, 'userChanged' | 'roleChanged'>
  readonly limits: ScimOptions['limits']
  /** Whether the principal may do this as well, by the access table; undefined: may. `path` begins behind `/scim2`. */
  examine(method: string, path: string): Promise<ProblemSource | undefined>
}

/** Who did it, for records. */
export function actorOf({ principal: { user, tenant } }: Pick<Context, 'principal'>): string {
  return tenant === 'default' ? user : `${user}@${tenant}`
}

/** What is answered, before it is put into HTTP or into the answer of a bulk request. */
export interface Reply {
  readonly status: 200 | 201 | 204
  readonly body?: object
  /** of the resource, absolute */
  readonly location?: string
  readonly version?: number
}
