import type { CodedError } from '../errors.ts'
import { type Area, areas } from './schema.ts'
import type { ChangeListener } from './storage.ts'

/** Who is to be told of what, whichever database it is. */
export class Subscribers {
  readonly #listeners = new Map<Area, Set<ChangeListener>>(areas.map(area => [area, new Set()]))
  readonly #alarms = new Set<(error: CodedError) => void>()

  subscribe(area: Area, listener: ChangeListener): () => void {
    return enter(this.#listeners.get(area)!, listener)
  }

  onFailure(listener: (error: CodedError) => void): () => void {
    return enter(this.#alarms, listener)
  }

  /** Fulfilled when everyone has caught up. A listener that throws at once is a fault, and is thrown when all have been told. */
  tell(changed: Iterable<Area>): Promise<unknown> {
    return callAll([...changed].flatMap(area => [...this.#listeners.get(area)!]))
  }

  alarm(error: CodedError): void {
    void callAll([...this.#alarms].map(alarm => () => alarm(error)))
  }
}

function enter<T>(set: Set<T>, listener: T): () => void {
  set.add(listener)
  return () => void set.delete(listener)
}

// One that throws must not keep the others from being told.
function callAll(listeners: readonly ChangeListener[]): Promise<unknown> {
  const errors: unknown[] = []
  const waiting: unknown[] = []
  for (const listener of listeners) {
    try {
      waiting.push(listener())
    } catch (error) {
      errors.push(error)
    }
  }
  const all = Promise.all(waiting)
  // Whoever needs to know whether all have caught up waits for it; for the others it is no failure of theirs.
  all.catch(() => {})
  if (errors.length > 0) throw new AggregateError(errors, 'a subscriber to changes of the database failed')
  return all
}
