import type { Clock } from '../../clock.ts'
import type { Peer } from '../http/exchange.ts'
import type { Connection } from './connection.ts'
import type { ListenerLimits } from './options.ts'

/** Whether what was decided for a peer would be decided again: asked when trust has moved on, for peers whose certificate is still good. */
export type StillHolds = (peer: Peer) => boolean | Promise<boolean>

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
  dropExpired(clock: Clock): void {
    const now = clock.now()
    for (const connection of this.#open) {
      const judgement = connection.lastJudgement
      if (!judgement?.verdict.ok || judgement.validUntil > now) continue
      const waiting = connection.settle()
      if (waiting === undefined) dropRefused(connection)
      else waiting.then(() => dropRefused(connection)).catch(() => connection.drop())
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
   * others are answered meanwhile; these are judged by their epoch, whether or not their connection's turn has come.
   */
  async rejudge(stillHolds: StillHolds | undefined): Promise<number> {
    let dropped = 0
    let sliceEnd = performance.now() + sliceMs
    for (const connection of this.list()) {
      const trusted = connection.lastJudgement?.verdict.ok === true
      const waiting = trusted ? connection.settle() : undefined
      if (waiting !== undefined) {
        // nobody else waits for what is being found out about this one
        waiting
          .then(() => holds(connection, trusted, stillHolds))
          .then(stays => stays || connection.drop())
          .catch(() => connection.drop())
      } else if (!(await holds(connection, trusted, stillHolds))) {
        connection.drop()
        dropped += 1
      }
      if (performance.now() > sliceEnd) {
        await new Promise(setImmediate)
        sliceEnd = performance.now() + sliceMs
      }
    }
    return dropped
  }
}

const sliceMs = 10

function dropRefused(connection: Connection): void {
  if (connection.judgement()?.verdict.ok !== true) connection.drop()
}

/** `trusted`: its certificate was, when it was last looked at. */
async function holds(connection: Connection, trusted: boolean, stillHolds: StillHolds | undefined): Promise<boolean> {
  try {
    if (trusted && connection.judgement()?.verdict.ok !== true) return false
    return stillHolds === undefined || (await stillHolds(connection))
  } catch {
    return false
  }
}
