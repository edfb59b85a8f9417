import type { Clock } from '../../clock.ts'
import type { Trust } from '../../identity/trust/trust.ts'
import type { Log } from '../../log.ts'
import type { ConnectionEvents } from './connection-events.ts'
import type { Connections, LossOf } from './connections.ts'

export interface StandingSource {
  /** of the listener */
  readonly name: string
  readonly connections: Connections
  readonly trust: Trust
  readonly lossOf: LossOf | undefined
  readonly tell: Pick<ConnectionEvents, 'ended'>
  readonly clock: Clock
  readonly log: Log
  /** what else is looked after once a second */
  sweep(): void
}

/** Whether the open connections may stay (invariant 3). */
export interface Standing {
  /** Ends those that would not be let in any more; answers how many. Happens by itself when the trust epoch rises. */
  rejudge(): Promise<number>
  /** Takes no notice of the trust epoch any more; what outlives its certificate still ends. */
  ignoreEpoch(): void
  stop(): void
}

export function watchStanding(source: StandingSource): Standing {
  const { name, connections, trust, lossOf, tell, clock, log } = source
  const timer = setInterval(() => {
    connections.dropExpired(clock, lossOf, (peer, lost) => tell.ended(peer, lost, 'time'))
    source.sweep()
  }, sweepMs).unref()
  // What has moved trust since somebody last began to go through the connections: a reload moves several things, one after the other.
  const causes: string[] = []
  let round = 0
  const look = coalesced(async () => {
    const known = causes.length
    const cause = () => [...new Set(causes)].join(', ')
    const count = await connections.rejudge({
      round: () => round,
      lossOf,
      onEnded: (peer, lost) => tell.ended(peer, lost, cause()),
      doubts: trust.doubts,
    })
    causes.splice(0, known)
    return count
  })
  const rejudge = (): Promise<number> => {
    round += 1
    return look()
  }
  const ignoreEpoch = trust.onEpoch(({ cause }) => {
    causes.push(cause)
    rejudge().catch(error => log.error({ err: error, listener: name }, 'judging open connections again failed'))
  })
  return { rejudge, ignoreEpoch, stop: () => clearInterval(timer) }
}

const sweepMs = 1000

/** Runs `work` once more after it was asked for, however often that happened meanwhile; each asker waits for a run that began after. */
function coalesced<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const run = (): Promise<T> => {
    const current = work().finally(() => {
      if (running === current) running = undefined
    })
    running = current
    return current
  }
  return () => {
    if (running === undefined) return run()
    next ??= running.then(noop, noop).then(() => {
      next = undefined
      return run()
    })
    return next
  }
}

const noop = (): void => {}
