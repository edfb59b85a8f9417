import { CodedError } from '../../errors.ts'
import { type Refusal, refuse } from '../../refusals.ts'
import type { Principal } from '../authn/authenticator.ts'
import type { RouteAccessOptions } from './options.ts'

/** Who may use one route, ready to be asked for every request. */
export interface Access {
  /** for `Chain.authenticate` */
  readonly require: readonly string[] | undefined
  /** for `Chain.authenticate`, too: whether sessions count. Default: no */
  readonly sessions?: 'count' | 'ignore'
  /** undefined: may; else the refusal. Whoever is not identified is never asked about here */
  check(principal: Principal): Refusal | undefined
}

/**
 * Throws ERR_AUTHENTICATOR_UNKNOWN when the route requires an authenticator that is not enabled; where none is, it is for nobody, whatever it
 * requires.
 */
export function compileAccess({ require, allow }: RouteAccessOptions, authenticators: readonly string[]): Access {
  const unknown = authenticators.length > 0 ? require?.find(name => !authenticators.includes(name)) : undefined
  if (unknown !== undefined) {
    throw new CodedError('ERR_AUTHENTICATOR_UNKNOWN', `require: no authenticator called ${unknown} is enabled`, {
      remedy: `Enable it, or require one of those that are enabled: ${authenticators.join(', ')}.`,
    })
  }
  const counting = require && new Set(require)
  const rule = allow && compileRule(allow)
  return {
    require,
    check(principal) {
      // The chain has asked only those that count; that nobody else got here is checked where the door is.
      if (counting !== undefined && !counting.has(principal.authenticatedBy)) return otherProof
      return rule === undefined || rule(principal) ? undefined : mayNot
    },
  }
}

const otherProof = refuse('forbidden', 'This address accepts another kind of proof than the one that was given.')
const mayNot = refuse('forbidden', 'The user has none of the roles that this address asks for.')

function compileRule(allow: NonNullable<RouteAccessOptions['allow']>): (principal: Principal) => boolean {
  const tenants = new Set(allow.tenants)
  const users = new Set(allow.users)
  const roles = new Set(allow.roles)
  return principal =>
    tenants.has(principal.tenant) && (users.has(principal.user) || principal.roles.some(role => roles.has(role)))
}
