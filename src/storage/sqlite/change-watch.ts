import { type Stats, statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { CodedError, isCoded } from '../../errors.ts'
import { type Area, areas } from '../schema.ts'
import type { ChangeListener, Changes } from '../storage.ts'
import { Subscribers } from '../subscribers.ts'
import { isBusy, storageFailure } from './storage-failure.ts'

/** Milliseconds between two looks: with it, a change made by another process is known well within a second (invariant 3). */
const interval = 250

/** Looks in a row that may find the file locked (another process recovers it or takes it apart) before that is a failure. */
const patience = 3

/**
 * Watches for changes through a connection of its own. `PRAGMA data_version` costs a few microseconds and differs when any other
 * connection has committed; only then the table of versions is read, so that a counter that moved wakes nobody.
 */
export class ChangeWatch implements Changes {
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #opened: Stats
  readonly #dataVersion: StatementSync
  readonly #areaVersions: StatementSync
  readonly #timer: NodeJS.Timeout
  readonly #subscribers = new Subscribers()
  #seen: unknown
  #versions: ReadonlyMap<unknown, unknown> = new Map()
  #failure: CodedError | undefined
  #misses = 0
  #closed = false

  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
    this.#opened = statSync(file)
    this.#dataVersion = database.prepare('pragma data_version')
    this.#areaVersions = database.prepare('select area, version from changes')
    this.#read()
    this.#timer = setInterval(() => void this.look(), interval).unref()
  }

  get failure(): CodedError | undefined {
    return this.#failure
  }

  subscribe(area: Area, listener: ChangeListener): () => void {
    return this.#subscribers.subscribe(area, listener)
  }

  version(area: Area): number {
    return Number(this.#versions.get(area) ?? 0)
  }

  onFailure(listener: (error: CodedError) => void): () => void {
    return this.#subscribers.onFailure(listener)
  }

  /** Looks now, for changes that this process has just made. Fulfilled when everyone has caught up with them. */
  async look(): Promise<void> {
    try {
      await this.#subscribers.tell(this.#changedAreas())
    } catch (error) {
      // Who was still catching up when the database was closed has nothing to read from any more, and nobody waits for it.
      if (this.#closed) return
      // With the next look that succeeds everyone is told once more.
      if (!isCoded(error)) throw error
      this.#fail(error)
    }
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#database.close()
  }

  #changedAreas(): readonly Area[] {
    try {
      const changed = this.#read()
      const found = this.#failure === undefined ? areas.filter(area => changed.has(area)) : areas
      this.#failure = undefined
      this.#misses = 0
      return found
    } catch (error) {
      this.#misses += 1
      if (isBusy(error) && this.#misses < patience) return []
      const first = this.#failure === undefined
      this.#fail(storageFailure(error, this.#file))
      // Nothing more can be learned from a file that was replaced; of one that cannot be read, anything may have changed since.
      return first || !isCoded(error, 'ERR_STORAGE_REPLACED') ? areas : []
    }
  }

  #read(): ReadonlySet<unknown> {
    checkSame(this.#opened, this.#file)
    const now = this.#dataVersion.get()?.data_version
    if (now === this.#seen) return new Set()
    const versions = new Map(this.#areaVersions.all().map(row => [row.area, row.version]))
    const changed = [...versions].filter(([area, version]) => this.#versions.get(area) !== version)
    this.#seen = now
    this.#versions = versions
    return new Set(changed.map(([area]) => area))
  }

  #fail(error: unknown) {
    if (!(error instanceof CodedError)) throw error
    const first = this.#failure === undefined
    this.#failure = error
    if (first) this.#subscribers.alarm(error)
  }
}

// A file that was put in its place is not the one that this process reads: a lock set in it would never be seen.
function checkSame(opened: Stats, file: string): void {
  const { ino, dev } = statSync(file, { throwIfNoEntry: false }) ?? {}
  if (ino === opened.ino && dev === opened.dev) return
  throw new CodedError('ERR_STORAGE_REPLACED', `${file} was removed or replaced while it was in use`, {
    remedy:
      'Restart the server: it goes on with what it has open, and changes to the new file are not seen until then.',
  })
}
