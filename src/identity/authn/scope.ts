import { CodedError } from '../../errors.ts'
import type { Authenticator } from './authenticator.ts'

/** An authenticator with its place in the order; lower numbers are asked first. */
export interface RankedAuthenticator {
  readonly authenticator: Authenticator
  readonly priority: number
}

/** The authenticators that count for some requests, in their order. */
export interface Scope {
  readonly authenticators: readonly Authenticator[]
  /** WWW-Authenticate values of a refusal */
  readonly challenges: readonly string[]
  /** name of the authenticator that an Authorization header is for */
  claimedBy(authorization: string): string | undefined
}

/** The scopes that requests can have, each made once. */
export interface Scopes {
  /** those that count everywhere */
  readonly usual: Scope
  /** those that count where they are asked for, too */
  readonly everyone: Scope
  /** Throws ERR_AUTHENTICATOR_UNKNOWN. */
  of(require: readonly string[] | undefined, sessions: 'count' | 'ignore'): Scope
}

/** Throws ERR_AUTHENTICATORS for two of one name. Of none at all the scopes are empty, and let nobody in. */
export function createScopes(ranked: readonly RankedAuthenticator[]): Scopes {
  const everyone = createScope(ranked)
  const usual = createScope(ranked.filter(({ authenticator }) => authenticator.counts !== 'where-asked'))
  const narrowed = { count: new Map<string, Scope>(), ignore: new Map<string, Scope>() }
  return {
    usual,
    everyone,
    of(require, sessions) {
      const whole = sessions === 'count' ? everyone : usual
      if (require === undefined) return whole
      const key = require.length === 1 ? require[0]! : require.join(' ')
      const known = narrowed[sessions].get(key)
      if (known !== undefined) return known
      const scope = narrowScope(whole, require)
      narrowed[sessions].set(key, scope)
      return scope
    },
  }
}

/** Orders the authenticators; equal priorities keep the order of the list. Throws ERR_AUTHENTICATORS for two of one name. */
function createScope(ranked: readonly RankedAuthenticator[]): Scope {
  const authenticators = ranked.toSorted((a, b) => a.priority - b.priority).map(({ authenticator }) => authenticator)
  const names = authenticators.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) {
    throw new CodedError('ERR_AUTHENTICATORS', `two authenticators are called ${twice}`, {
      remedy: 'Enable each once.',
    })
  }
  return scopeOf(authenticators)
}

/** The part of a scope that a route requires; where nobody is asked, nobody counts. Throws ERR_AUTHENTICATOR_UNKNOWN. */
function narrowScope(whole: Scope, require: readonly string[]): Scope {
  const { authenticators } = whole
  if (authenticators.length === 0) return whole
  const unknown = require.find(name => !authenticators.some(authenticator => authenticator.name === name))
  if (unknown !== undefined || require.length === 0) {
    const message =
      unknown === undefined ? 'no authenticator is required' : `no authenticator called ${unknown} is enabled`
    throw new CodedError('ERR_AUTHENTICATOR_UNKNOWN', message, {
      remedy: `Require one of those that are enabled: ${authenticators.map(({ name }) => name).join(', ')}.`,
    })
  }
  return scopeOf(authenticators.filter(({ name }) => require.includes(name)))
}

function scopeOf(authenticators: readonly Authenticator[]): Scope {
  return {
    authenticators,
    challenges: authenticators.flatMap(({ challenge }) => challenge ?? []),
    claimedBy: authorization => authenticators.find(authenticator => authenticator.claims(authorization))?.name,
  }
}
