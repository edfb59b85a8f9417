import { type Epoch, epochCauses } from '../trust/epoch.ts'
import type { BindingStore } from './binding-store.ts'
import { type Candidates, findCandidates, type NoCandidates, type Vouched } from './candidates.ts'
import type { ConfiguredBindings } from './configured-bindings.ts'

/** Certificate to users, at the present trust epoch. */
export interface Bindings {
  candidates(trusted: Vouched): Promise<Candidates | NoCandidates>
  /** Takes the bindings of a reloaded configuration; whatever was decided from the old ones is void. */
  replace(configured: ConfiguredBindings): void
}

export interface BindingSource {
  readonly configured: ConfiguredBindings
  readonly epoch: Epoch
  /** bindings that are added while the server runs. Whoever watches the store raises the epoch when it changes */
  readonly store?: BindingStore
}

const relevant = epochCauses.filter(cause => cause !== 'users')

/**
 * What bindings say of a path is remembered as long as the path is, and until they may say something else: a user who is locked
 * makes ten thousand connections ask for their user again, not for their bindings.
 */
export function createBindings({ configured, epoch, store }: BindingSource): Bindings {
  let present = configured
  let known = new WeakMap<Vouched['path'], Promise<Candidates | NoCandidates>>()
  let since = 0
  return {
    candidates(trusted) {
      const { path } = trusted
      const lastChange = Math.max(...relevant.map(epoch.begunBy))
      if (lastChange !== since) {
        since = lastChange
        known = new WeakMap()
      }
      const before = known.get(path)
      if (before !== undefined) return before
      const memory = known
      const found = findCandidates(trusted, present, store)
      memory.set(path, found)
      found.catch(() => memory.delete(path))
      return found
    },
    replace(next) {
      present = next
      epoch.raise('bindings')
    },
  }
}
