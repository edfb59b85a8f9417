import type { Clock } from '../../clock.ts'
import { isStorageFailure } from '../../errors.ts'
import type { Judgement } from '../../identity/trust/trust.ts'
import type { Peer } from '../http/exchange.ts'
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

/** Told of each connection that is ended because of what it has lost. */
export type OnEnded = (connection: Connection, loss: Loss) => void

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
  readonly #open = new Set<Connection>()
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
    if (connection !== undefined) this.#open.delete(connection)
  }

  add(connection: Connection): void {
    this.#open.add(connection)
  }

  list(): readonly Connection[] {
    return [...this.#open]
  }

  /** Ends what has outlived its certificate. The refusal of the next connection says why. */
  dropExpired(clock: Clock, lossOf: LossOf | undefined, onEnded: OnEnded): void {
    const now = clock.now()
    for (const connection of this.#open) {
      const judgement = connection.lastJudgement
      if (!judgement?.verdict.ok || judgement.validUntil > now) continue
      const waiting = connection.settle()
      if (waiting === undefined && connection.judgement()?.verdict.ok === true) continue
      Promise.resolve(waiting)
        .then(() => loss(connection, true, lossOf))
        .then(lost => lost && end(connection, lost, onEnded))
        .catch(() => connection.drop())
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
    const look = async (connection: Connection): Promise<void> => {
      const trusted = connection.lastJudgement?.verdict.ok === true
      const waiting = trusted ? connection.settle() : undefined
      if (waiting !== undefined) {
        // nobody else waits for what is being found out about this one
        waiting
          .then(() => loss(connection, trusted, lossOf))
          .then(lost => lost && end(connection, lost, onEnded))
          .catch(() => connection.drop())
        return
      }
      const lost = await loss(connection, trusted, lossOf)
      if (lost === undefined) return
      end(connection, lost, onEnded)
      dropped += 1
    }
    // A reload moves several things in one turn: all of them are known in the next.
    await new Promise(setImmediate)
    const doubtful = ({ lastJudgement }: Connection) => lastJudgement?.verdict.ok === true && doubts(lastJudgement)
    const { true: first = [], false: others = [] } = Object.groupBy(this.list(), each => `${doubtful(each)}`)
    let slice: Promise<void>[] = []
    let sliceEnd = performance.now() + sliceMs
    for (const connection of [...first, ...others]) {
      if (connection.round === round()) continue
      connection.round = round()
      slice.push(look(connection).catch(() => connection.drop()))
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

/** The connection is ended first: nothing that is told of it can keep it open. */
function end(connection: Connection, lost: Loss, onEnded: OnEnded): void {
  if (connection.dropped || connection.socket.destroyed) return
  connection.drop()
  onEnded(connection, lost)
}

/** `trusted`: its certificate was, when it was last looked at. */
async function loss(connection: Connection, trusted: boolean, lossOf: LossOf | undefined): Promise<Loss | undefined> {
  try {
    const verdict = trusted ? connection.judgement()?.verdict : undefined
    const lost = await lossOf?.(connection)
    if (!trusted || verdict?.ok === true) return lost
    const { code, detail } = verdict ?? unjudged
    return { user: lost?.user ?? null, tenant: lost?.tenant ?? null, code, detail }
  } catch (error) {
    return isStorageFailure(error) ? whileUnasked(connection, trusted) : { user: null, tenant: null, ...unjudged }
  }
}

/**
 * The database cannot be asked. Where nothing goes on, nothing is lost by waiting: before its next request is answered the client is judged
 * anew. Everything else was let through by what may have changed since.
 */
function whileUnasked(connection: Connection, trusted: boolean): Loss | undefined {
  const verdict = trusted ? connection.judgement()?.verdict : undefined
  if (verdict?.ok === false) return { user: null, tenant: null, code: verdict.code, detail: verdict.detail }
  return connection.busy ? { user: null, tenant: null, ...unasked } : undefined
}

const unasked = { code: 'store_unavailable', detail: 'The database with the users does not answer.' }

const unjudged = { code: 'internal_error', detail: 'It could not be found out whether the connection may stay.' }
