import pg from 'pg'
import { CodedError } from '../../errors.ts'
import { type Area, areas } from '../schema.ts'
import type { ChangeListener, Changes } from '../storage.ts'
import { Subscribers } from '../subscribers.ts'
import { checkPrimary, clientConfig } from './client-config.ts'
import { postgresFailure, unreachable } from './postgres-failure.ts'
import { nameOf, type PostgresOptions } from './postgres-options.ts'

/** Where servers tell each other that something changed. What, they read. */
export const channel = 'countersign_changes'

/**
 * Milliseconds between two looks. A change is told by NOTIFY, some milliseconds after it was made; the looks find what was missed, and
 * whether the server is still there to tell.
 */
const interval = 250

/** Milliseconds since a look that was answered, after which what was read before no longer counts (invariant 3: within a second). */
const lease = 900

/** Milliseconds that a look may take before the connection is given up. */
const longestLook = 2_500

/** Milliseconds between attempts to connect again, doubled each time. */
const pauses = { first: 50, longest: 1_000 }

export interface ChangeWatchSource {
  readonly options: PostgresOptions
  /** Nothing can be relied on any more: whoever waits for an answer of the server is to be told so. */
  onVoid(): void
}

/**
 * Watches for changes over a connection of its own.
 *
 * While looks are answered, what was read counts until a change of its area is told. When they are not, it counts for the rest of a
 * second: then it is void, and `closed` says why nothing may be asked. When the server is back, everyone catches up first.
 */
export class ChangeWatch implements Changes {
  readonly #source: ChangeWatchSource
  readonly #name: string
  readonly #subscribers = new Subscribers()
  readonly #timers: readonly NodeJS.Timeout[]
  #client: pg.Client | undefined
  #versions: ReadonlyMap<Area, number> = new Map()
  /** when the last look that was answered began; by the clock that does not jump */
  #confirmed = performance.now()
  #looking: { readonly since: number } | undefined
  #again = false
  #failure: CodedError | undefined
  #closed: CodedError | undefined
  #catchingUp: { readonly client: pg.Client; readonly over: Promise<void>; readonly done: () => void } | undefined
  /** something changed while everyone was catching up */
  #behind = false
  /** looks whose changes some subscriber still catches up with */
  #behindBy = 0
  #ended = false

  /** `client` is connected, and is ours from now on. */
  static async open(source: ChangeWatchSource): Promise<ChangeWatch> {
    const client = await connect(source.options)
    const began = performance.now()
    try {
      return new ChangeWatch(source, client, await readVersions(client), began)
    } catch (error) {
      await client.end().catch(() => {})
      throw postgresFailure(error, nameOf(source.options))
    }
  }

  private constructor(
    source: ChangeWatchSource,
    client: pg.Client,
    versions: ReadonlyMap<Area, number>,
    began: number,
  ) {
    this.#source = source
    this.#name = nameOf(source.options)
    this.#versions = versions
    this.#confirmed = began
    this.#adopt(client)
    this.#timers = [
      setInterval(() => void this.#look(), interval).unref(),
      setInterval(() => this.#checkLease(), interval / 2).unref(),
    ]
  }

  get failure(): CodedError | undefined {
    return this.#failure
  }

  /** why nothing may be read at present; a promise while everyone catches up, which is soon over */
  get gate(): CodedError | Promise<unknown> | undefined {
    return this.#catchingUp?.over ?? this.#closed
  }

  subscribe(area: Area, listener: ChangeListener): () => void {
    return this.#subscribers.subscribe(area, listener)
  }

  version(area: Area): number {
    return this.#versions.get(area) ?? 0
  }

  onFailure(listener: (error: CodedError) => void): () => void {
    return this.#subscribers.onFailure(listener)
  }

  /** A change of our own, that is committed: nobody here may learn of it by way of the server. Fulfilled when everyone has caught up with it. */
  async made(versions: ReadonlyMap<Area, number>): Promise<void> {
    const changed = [...versions].filter(([area, version]) => (this.#versions.get(area) ?? 0) < version)
    this.#versions = new Map([...this.#versions, ...changed])
    try {
      await this.#subscribers.tell(changed.map(([area]) => area))
    } catch (error) {
      // Made it is, and whoever could not read it shall: when the server is back, everyone catches up first.
      if (error instanceof AggregateError) throw error
    }
  }

  async close(): Promise<void> {
    this.#ended = true
    for (const timer of this.#timers) clearInterval(timer)
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => {})
  }

  #adopt(client: pg.Client): void {
    this.#client = client
    client.on('notification', () => void this.#look())
    client.on('error', error => this.#lost(client, error))
    client.on('end', () => this.#lost(client, new Error('Connection terminated')))
  }

  async #look(): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    if (this.#looking !== undefined) {
      // What is being read may have been written down before the change.
      this.#again = true
      if (performance.now() - this.#looking.since > longestLook) this.#lost(client, new Error('timeout expired'))
      return
    }
    const look = { since: performance.now() }
    this.#looking = look
    try {
      const versions = await readVersions(client)
      if (client === this.#client) await this.#answered(client, versions, look.since)
    } catch (error) {
      this.#lost(client, error)
    } finally {
      if (this.#looking === look) this.#looking = undefined
    }
    if (this.#again && client === this.#client) {
      this.#again = false
      void this.#look()
    }
  }

  async #answered(client: pg.Client, versions: ReadonlyMap<Area, number>, since: number): Promise<void> {
    const late = performance.now() - since > this.#lease
    if (this.#failure !== undefined || this.#closed !== undefined || late) {
      void this.#catchUp(client, versions, since)
      return
    }
    // What some still have to catch up with is not in force yet: that time counts as well.
    if (this.#behindBy === 0) this.#confirmed = since
    this.#behindBy += 1
    this.#subscribers
      .tell(this.#changedIn(versions))
      .catch(error => this.#lost(client, error))
      .finally(() => {
        this.#behindBy -= 1
      })
  }

  // Other than, not above: the server may have gone back to an older state, as after a restored copy.
  #changedIn(versions: ReadonlyMap<Area, number>): Area[] {
    const changed = areas.filter(area => versions.get(area) !== this.#versions.get(area))
    this.#versions = versions
    return changed
  }

  /** Everyone forgets what they read, and reads again what they must have; only then anybody else may ask. */
  async #catchUp(client: pg.Client, versions: ReadonlyMap<Area, number>, since: number): Promise<void> {
    this.#confirmed = since
    const changed = this.#changedIn(versions)
    if (this.#catchingUp?.client === client) {
      this.#behind ||= changed.length > 0
      return
    }
    const { promise: over, resolve: done } = Promise.withResolvers<void>()
    this.#catchingUp = { client, over, done }
    this.#closed ??= unreachable(this.#name, this.#failure)
    try {
      do {
        this.#behind = false
        await this.#subscribers.tell(areas)
        if (client !== this.#client) return
      } while (this.#behind)
      this.#failure = undefined
      this.#closed = undefined
    } catch (error) {
      this.#lost(client, error)
    } finally {
      if (this.#catchingUp?.over === over) this.#catchingUp = undefined
      done()
    }
  }

  #lost(client: pg.Client, error: unknown): void {
    if (client !== this.#client) return
    this.#client = undefined
    this.#looking = undefined
    this.#catchingUp?.done()
    this.#catchingUp = undefined
    // It may hang: it is not waited for.
    client.end().catch(() => {})
    // Nor must those hang who were catching up.
    if (this.#closed !== undefined) this.#source.onVoid()
    this.#fail(error)
    void this.#reconnect()
  }

  #fail(error: unknown): void {
    const first = this.#failure === undefined
    const found = postgresFailure(error, this.#name)
    this.#failure = found instanceof CodedError ? found : unreachable(this.#name, error)
    if (this.#closed !== undefined) this.#closed = unreachable(this.#name, this.#failure)
    if (first) this.#subscribers.alarm(this.#failure)
  }

  async #reconnect(): Promise<void> {
    for (let pause = pauses.first; !this.#ended; pause = Math.min(pause * 2, pauses.longest)) {
      // Replicas that lost the server together do not come back all at once.
      await new Promise(resolve => setTimeout(resolve, pause * (0.5 + Math.random())).unref())
      if (this.#ended) return
      try {
        const client = await connect(this.#source.options)
        if (this.#ended) return void client.end().catch(() => {})
        this.#adopt(client)
        return void this.#look()
      } catch (error) {
        this.#fail(error)
      }
    }
  }

  get #lease(): number {
    return lease + this.#source.options.goOnFor
  }

  #checkLease(): void {
    if (this.#closed !== undefined || performance.now() - this.#confirmed <= this.#lease) return
    if (this.#failure === undefined) this.#fail(new Error('timeout expired'))
    this.#closed = unreachable(this.#name, this.#failure)
    this.#source.onVoid()
    // Who cannot catch up now does so when the server is back.
    this.#subscribers.tell(areas).catch(() => {})
  }
}

async function connect(options: PostgresOptions): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(options))
  client.on('error', () => {})
  try {
    await client.connect()
    await checkPrimary(client)
    await client.query(`listen ${channel}`)
    return client
  } catch (error) {
    client.end().catch(() => {})
    throw postgresFailure(error, nameOf(options))
  }
}

async function readVersions(client: pg.Client): Promise<ReadonlyMap<Area, number>> {
  const { rows } = await client.query<{ area: Area; version: number }>('select area, version from changes')
  return new Map(rows.map(({ area, version }) => [area, version]))
}
