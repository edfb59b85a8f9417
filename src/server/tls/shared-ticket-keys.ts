import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { createSealer, type SharedSecret } from './sealed-secret.ts'
import { deriveTicketKey, type TurningTicketKeys } from './ticket-keys.ts'

/** Where replicas keep the sealed secret, and learn that one of them changed it. */
export interface SharedTicketPlace {
  read(keyId: string): Promise<string | undefined>
  change(
    keyId: string,
    now: number,
    decide: (kept: string | undefined) => string | undefined,
  ): Promise<string | undefined>
  /** Tells of every change of what is kept, at whichever replica, and waits for what the listener answers. */
  onChange(listener: () => unknown): () => void
}

export interface SharedTicketKeysSource {
  readonly place: SharedTicketPlace
  /** the same at every replica, and nowhere else */
  readonly key: string
  /** milliseconds after which another secret takes over */
  readonly rotation: number
  readonly clock: Clock
  /** What all replicas read in the database, and every one of them the same: versions of users, bindings, locks. */
  facts(): unknown
  /** What is kept cannot be read or changed. Tickets go on, those of this process perhaps in this process only. */
  onFailure(error: unknown): void
}

export interface SharedTicketKeys extends TurningTicketKeys {
  /** `facts` have changed: so has every key. */
  refresh(): void
}

/**
 * The same keys at every replica, so that a client resumes its session at whichever one it comes to.
 *
 * When trust moves for a reason that all replicas read in the database, the keys follow from it. When it moves at one replica alone (a
 * revocation list, a responder), that one has keys of its own at once, which resume nothing; then it counts the turn up for all.
 */
export async function openSharedTicketKeys(source: SharedTicketKeysSource): Promise<SharedTicketKeys> {
  const { place, key, rotation, clock, facts, onFailure } = source
  const sealer = createSealer(key)
  const listeners = new Set<() => void>()
  let shared = await renew(() => undefined)
  /** in every key while this replica knows of a turn that the others do not know of yet */
  let alone: string | undefined
  let saving: Promise<void> | undefined
  let turns = 0

  const unsubscribe = place.onChange(reread)
  const timer = setInterval(() => {
    if (expired(shared, rotation, clock)) void attempt(() => renew(() => undefined))
  }, 60_000).unref()

  /** What is kept, or what `next` makes of it; something new where nothing usable is kept. */
  async function renew(next: (kept: SharedSecret) => SharedSecret | undefined): Promise<SharedSecret> {
    let known: SharedSecret | undefined
    await place.change(sealer.keyId, clock.now(), sealed => {
      const kept = sealed === undefined ? undefined : sealer.open(sealed)
      if (kept === undefined || expired(kept, rotation, clock)) {
        known = { secret: randomBytes(32), made: clock.now(), turn: 0 }
        return sealer.seal(known)
      }
      const changed = next(kept)
      known = changed ?? kept
      return changed === undefined ? undefined : sealer.seal(changed)
    })
    return known!
  }

  async function reread(): Promise<void> {
    await attempt(async () => {
      const sealed = await place.read(sealer.keyId)
      const kept = sealed === undefined ? undefined : sealer.open(sealed)
      // Gone, or not ours: the next turn or rotation makes another.
      return kept ?? shared
    })
  }

  async function attempt(work: () => Promise<SharedSecret>): Promise<boolean> {
    try {
      shared = await work()
      changed()
      return true
    } catch (error) {
      onFailure(error)
      return false
    }
  }

  function changed(): void {
    for (const listener of [...listeners]) listener()
  }

  // However fast trust moves, one turn after the other; what moves meanwhile is one turn more.
  async function saveOn(): Promise<void> {
    while (turns > 0) {
      const counted = turns
      if (!(await attempt(() => renew(kept => ({ ...kept, turn: kept.turn + 1 }))))) {
        await new Promise(resolve => setTimeout(resolve, 1_000).unref())
        continue
      }
      turns -= counted
      if (turns > 0) continue
      alone = undefined
      changed()
    }
  }

  return {
    key: policy => deriveTicketKey(shared.secret, [shared.turn, alone ?? '', facts(), policy]),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    turn() {
      turns += 1
      alone = randomBytes(16).toString('hex')
      changed()
      saving ??= saveOn().finally(() => {
        saving = undefined
      })
    },
    refresh: changed,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      unsubscribe()
      turns = 0
      await saving
    },
  }
}

/** A secret that comes from the future stems from a clock that was wrong; those of replicas differ a little. */
function expired({ made }: SharedSecret, rotation: number, clock: Clock): boolean {
  const age = clock.now() - made
  return age >= rotation || age < -60_000
}
