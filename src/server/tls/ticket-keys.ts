import { createHash, hkdfSync } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { newTicketSecret, readTicketFile, type TicketSecret, writeTicketFile } from './ticket-file.ts'

/** The keys that session tickets are sealed with: 48 bytes for each listener and state of trust, as Node takes them. */
export interface TicketKeys {
  /**
   * The key for now. `policy` is everything of the listener that a ticket was given under: whoever holds a ticket of another policy
   * makes a full handshake.
   */
  key(policy: unknown): Buffer
  /** called when every key has become another one; the answer unsubscribes */
  onChange(listener: () => void): () => void
}

export interface TicketKeysSource {
  /** absolute; made with mode 0600 when it does not exist */
  readonly file: string
  /** milliseconds after which another secret takes over */
  readonly rotation: number
  readonly clock: Clock
  /** A fingerprint of what may have moved while no server ran, and that no policy holds: users, bindings, locks, lists. */
  look(): Promise<string>
  /** the secret cannot be kept: tickets go on in this process, and die with it */
  onFailure(error: unknown): void
}

export interface TurningTicketKeys extends TicketKeys, AsyncDisposable {
  /** Trust has moved: the tickets of before are of no use from now on, nor after a restart. */
  turn(): void
}

/**
 * HKDF (RFC 5869) over a secret that outlives the process, and over how often trust has moved and the policy of the listener: so old
 * tickets die by themselves, and after a restart with nothing changed clients still resume. Throws ERR_TICKET_SECRET_*.
 */
export async function openTicketKeys(source: TicketKeysSource): Promise<TurningTicketKeys> {
  const { file, rotation, clock, look, onFailure } = source
  const listeners = new Set<() => void>()
  let state = await begin(source)
  let saving: Promise<void> | undefined
  let again = false

  const timer = setInterval(() => {
    if (expired(state, rotation, clock)) rotate()
  }, 60_000).unref()

  function rotate(): void {
    state = { ...newTicketSecret(clock.now(), state.seen) }
    changed()
  }

  function changed(): void {
    save()
    for (const listener of [...listeners]) listener()
  }

  function save(): void {
    again = true
    saving ??= saveOn().finally(() => {
      saving = undefined
    })
  }

  // At most a few times a second, however fast trust moves: an import of a thousand users is a thousand turns.
  async function saveOn(): Promise<void> {
    while (again) {
      again = false
      try {
        const seen = await look()
        state = { ...state, seen }
        writeTicketFile(file, state)
      } catch (error) {
        onFailure(error)
      }
      if (again) await new Promise(resolve => setTimeout(resolve, 200))
    }
  }

  return {
    key: policy => deriveTicketKey(state.secret, [state.turn, policy]),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    turn() {
      if (expired(state, rotation, clock)) return rotate()
      state = { ...state, turn: state.turn + 1 }
      changed()
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await saving
    },
  }
}

async function begin({ file, rotation, clock, look }: TicketKeysSource): Promise<TicketSecret> {
  const seen = await look()
  const stored = readTicketFile(file)
  const usable = stored !== undefined && !expired(stored, rotation, clock) ? stored : newTicketSecret(clock.now(), seen)
  const state = usable.seen === seen ? usable : { ...usable, turn: usable.turn + 1, seen }
  if (state !== stored) writeTicketFile(file, state)
  return state
}

/** A secret that comes from the future stems from a clock that was wrong. */
function expired({ made }: TicketSecret, rotation: number, clock: Clock): boolean {
  const age = clock.now() - made
  return age >= rotation || age < 0
}

/** `state`: everything that a ticket was given under. Values to hash. */
export function deriveTicketKey(secret: Buffer, state: readonly unknown[]): Buffer {
  const hash = createHash('sha256').update(JSON.stringify(state)).digest()
  return Buffer.from(hkdfSync('sha256', secret, hash, 'countersign session tickets', 48))
}
