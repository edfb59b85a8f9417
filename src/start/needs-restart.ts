import { isDeepStrictEqual } from 'node:util'
import type { Configuration } from '../config/schema.ts'

/** What of a listener is taken over while it runs. */
const replaceable = ['clientAuth', 'keyStore', 'trustStore', 'maxPathDepth', 'insecureAlgorithms'] as const

/** What the process that looks after workers holds itself: it stays when they are restarted one by one. */
const held = ['management', 'workers', 'reload', 'audit', 'log'] as const

/**
 * The keys whose changes a running server cannot take over: addresses, limits, files that are held open. Throws nothing; a listener
 * that came or went is among them, and then its stores are not looked at either.
 */
export function needsRestart(present: Configuration, next: Configuration): string[] {
  const keys = changed([...held, 'users', 'tickets'], present, next)
  const bare = ({ listeners }: Configuration) =>
    listeners.map(listener => Object.fromEntries(Object.entries(listener).filter(([key]) => !isReplaceable(key))))
  return [
    ...(isDeepStrictEqual(bare(present), bare(next)) ? [] : ['listeners']),
    ...(isDeepStrictEqual(socketsOf(present), socketsOf(next)) ? [] : ['proxies']),
    ...keys,
  ]
}

/** Where proxies connect; what is believed of whoever does is taken over. */
function socketsOf({ proxies }: Configuration): object[] {
  return proxies.flatMap(({ proof: { by, path, access, listener } }) =>
    by === 'socket' ? [{ path, access, listener }] : [],
  )
}

/** The keys whose changes not even workers that are new can take over. */
export function needsFullRestart(present: Configuration, next: Configuration): string[] {
  return changed(held, present, next)
}

function changed(keys: readonly (keyof Configuration)[], present: Configuration, next: Configuration): string[] {
  return keys.filter(key => !isDeepStrictEqual(present[key], next[key]))
}

function isReplaceable(key: string): boolean {
  return (replaceable as readonly string[]).includes(key)
}
