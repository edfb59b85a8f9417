import type { Roster } from '../../server/http/roster.ts'
import type { AssertionKeys } from './assertion/assertion-keys.ts'
import type { Upstream } from './upstream.ts'

/**
 * What a reload leaves alone when the new configuration has it too: connections to upstreams, requests and tunnels under way, keys. Each
 * gateway holds what it uses, by what it was made from; what nobody holds any more is ended.
 */
export class Kept<T> {
  readonly #entries = new Map<string, { readonly value: T; holders: number }>()
  readonly #end: (value: T) => void | Promise<void>

  constructor(end: (value: T) => void | Promise<void>) {
    this.#end = end
  }

  hold(key: string, make: () => T): T {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.holders += 1
      return known.value
    }
    const value = make()
    this.#entries.set(key, { value, holders: 1 })
    return value
  }

  async release(key: string): Promise<void> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.holders -= 1
    if (entry.holders > 0) return
    this.#entries.delete(key)
    await this.#end(entry.value)
  }
}

/** Requests and tunnels of one route that are under way. */
export type Ongoing = Roster<{ destroy(): void }>

/** One for the whole server, handed to each gateway in turn. */
export interface GatewayKeep {
  readonly upstreams: Kept<Promise<Upstream>>
  readonly ongoing: Kept<Ongoing>
  readonly keys: Kept<AssertionKeys>
}

export function createGatewayKeep(): GatewayKeep {
  return {
    upstreams: new Kept(async upstream => (await upstream).close()),
    // A route that is gone, or is for others now, does not go on for those whom it let in before.
    ongoing: new Kept(ongoing => {
      for (const one of ongoing) one.destroy()
    }),
    keys: new Kept(() => {}),
  }
}
