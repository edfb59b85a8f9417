import type { Clock } from '../../clock.ts'
import { isStorageFailure } from '../../errors.ts'
import type { Judgement } from '../../identity/trust/trust.ts'
import type { Peer } from '../http/exchange.ts'
import type { JudgedPeer } from '../http/judged-peer.ts'
import { Roster } from '../http/roster.ts'
import type { Connection } from './connection.ts'
import type { ListenerLimits } from './options.ts'

/** What a connection has lost: who it was for, if anybody, and what they would be refused with. */
export interface Loss {
  readonly user: string | null
  readonly tenant: string | null
  readonly code: string
  readonly detail: string
}

/** What of that which was decided for a peer would not be decided again, undefined when all would: asked when trust has moved on. */
export type LossOf = (peer: Peer) => Loss | undefined | Promise<Loss | undefined>

/** What ends when its peer may not stay: a connection, or a request on the connection of a proxy. */
export interface Held {
  readonly peer: Peer & JudgedPeer
  readonly over: boolean
  /** something goes on that was let through */
  readonly busy: boolean
  drop(): void
  /** what is lost whoever the peer is: the proxy that vouched for it */
  loss?(): Loss | undefined
}

/** Told of each connection that is ended because of what it has lost. */
export type OnEnded = (peer: Held['peer'], loss: Loss) => void

export interface Rejudging {
  /**
   * Rises while it runs when trust moves on: whoever has not been looked at yet is looked at for the new round, and is left out of the run
   * that follows.
   */
  round(): number
  readonly lossOf: LossOf | undefined
  readonly onEnded: OnEnded
  /** those whose judgement is in doubt come first */
  doubts(judgement: Judgement): boolean
}

/** The open connections of one listener: how many, from where, and whether they may stay. */
export class Connections {
  readonly #open = new Roster<Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #limits: Pick<ListenerLimits, 'maxConnectionsPerAddress' | 'stallTimeout'>

  constructor(limits: Pick<ListenerLimits, 'maxConnectionsPerAddress' | 'stallTimeout'>) {
    this.#limits = limits
  }

  /** Counts a connection that is just being accepted. false: this address has too many. */
  enter(address: string): boolean {
    const count = this.#perAddress.get(address) ?? 0
    if (count >= this.#limits.maxConnectionsPerAddress) return false
    this.#perAddress.set(address, count + 1)
    return true
  }

  leave(address: string, connection: Connection | undefined): void {
    const count = this.#perAddress.get(address) ?? 0
    if (count > 1) this.#perAddress.set(address, count - 1)
    else this.#perAddress.delete(address)
    if (connection?.seat !== undefined) this.#open.delete(connection.seat)
  }

  add(connection: Connection): void {
    connection.seat = this.#open.add(connection)
  }

  list(): readonly Connection[] {
    return [...this.#open]
  }

  /** Ends what has outlived its certificate. The refusal of the next connection says why. */
  dropExpired(clock: Clock, lossOf: LossOf | undefined, onEnded: OnEnded): void {
    const now = clock.now()
    for (const connection of this.#open) {
      for (const held of heldBy(connection)) {
        const { peer } = held
        const judgement = peer.lastJudgement
        if (!peer.wasTrusted || held.over || judgement === undefined) continue
        if (judgement.verdict.ok && judgement.validUntil > now) continue
        const waiting = peer.settle()
        if (waiting === undefined && peer.judgement()?.verdict.ok === true) continue
        Promise.resolve(waiting)
          .then(() => loss(held, true, lossOf))
          .then(lost => lost && end(held, lost, onEnded))
          .catch(() => held.drop())
      }
    }
  }

  /** Ends what has been silent for too long: HTTP/1.1 clients that do not read their answers, mostly. */
  dropStalled(): void {
    const now = performance.now()
    for (const connection of this.#open) {
      if (connection.session !== undefined || connection.upgraded) continue
      if (connection.quietFor(now) > this.#limits.stallTimeout) connection.socket.destroy()
    }
  }

  /**
   * Judges every connection again and ends those that would not be let in any more (invariant 3). In slices, so that requests of
   * others are answered meanwhile; these are judged by their epoch, whether or not their connection's turn has come. Those of a slice
   * are asked about together, which costs a store one question instead of hundreds. Answers how many were ended.
   */
  async rejudge({ round, lossOf, onEnded, doubts }: Rejudging): Promise<number> {
    let dropped = 0
    const look = async (held: Held): Promise<void> => {
      if (held.over) return
      const { peer } = held
      const trusted = peer.wasTrusted
      const waiting = trusted ? peer.settle() : undefined
      if (waiting !== undefined) {
        // nobody else waits for what is being found out about this one
        waiting
          .then(() => loss(held, trusted, lossOf))
          .then(lost => lost && end(held, lost, onEnded))
          .catch(() => held.drop())
        return
      }
      const lost = await loss(held, trusted, lossOf)
      if (lost === undefined) return
      end(held, lost, onEnded)
      dropped += 1
    }
    // A reload moves several things in one turn: all of them are known in the next.
    await new Promise(setImmediate)
    const doubtful = (connection: Connection) =>
      heldBy(connection).some(
        ({ peer: { lastJudgement } }) => lastJudgement?.verdict.ok === true && doubts(lastJudgement),
      )
    const { true: first = [], false: others = [] } = Object.groupBy(this.list(), each => `${doubtful(each)}`)
    let slice: Promise<void>[] = []
    let sliceEnd = performance.now() + sliceMs
    for (const connection of [...first, ...others]) {
      if (connection.round === round()) continue
      connection.round = round()
      for (const held of heldBy(connection)) slice.push(look(held).catch(() => held.drop()))
      if (slice.length < sliceSize && performance.now() < sliceEnd) continue
      await Promise.all(slice)
      slice = []
      await new Promise(setImmediate)
      sliceEnd = performance.now() + sliceMs
    }
    await Promise.all(slice)
    return dropped
  }
}

const sliceSize = 250
const sliceMs = 5

/** A connection, and the requests on it that belong to somebody else. */
function heldBy(connection: Connection): readonly Held[] {
  const { forwarded } = connection
  return forwarded === undefined || forwarded.size === 0 ? [connection] : [connection, ...forwarded]
}

/** It is ended first: nothing that is told of it can keep it open. */
function end(held: Held, lost: Loss, onEnded: OnEnded): void {
  if (held.over) return
  held.drop()
  onEnded(held.peer, lost)
}

/** `trusted`: the certificate was, at some time. */
async function loss(held: Held, trusted: boolean, lossOf: LossOf | undefined): Promise<Loss | undefined> {
  const { peer } = held
  try {
    const verdict = trusted ? peer.judgement()?.verdict : undefined
    const lost = held.loss?.() ?? (await lossOf?.(peer))
    if (!trusted || verdict?.ok === true) return lost
    const { code, detail } = verdict ?? unjudged
    return { user: lost?.user ?? null, tenant: lost?.tenant ?? null, code, detail }
  } catch (error) {
    return isStorageFailure(error) ? whileUnasked(held, trusted) : { user: null, tenant: null, ...unjudged }
  }
}

/**
 * The database cannot be asked. Where nothing goes on, nothing is lost by waiting: before its next request is answered the client is judged
 * anew. Everything else was let through by what may have changed since.
 */
function whileUnasked({ peer, busy }: Held, trusted: boolean): Loss | undefined {
  const verdict = trusted ? peer.judgement()?.verdict : undefined
  if (verdict?.ok === false) return { user: null, tenant: null, code: verdict.code, detail: verdict.detail }
  return busy ? { user: null, tenant: null, ...unasked } : undefined
}

const unasked = { code: 'store_unavailable', detail: 'The database with the users does not answer.' }

const unjudged = { code: 'internal_error', detail: 'It could not be found out whether the connection may stay.' }
