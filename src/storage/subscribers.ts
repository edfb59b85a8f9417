import type { CodedError } from '../errors.ts'
import { type Area, areas } from './schema.ts'
import type { ChangeListener } from './storage.ts'

/** Who is to be told of what, whichever database it is. */
export class Subscribers {
  readonly #listeners = new Map<Area, Set<ChangeListener>>(areas.map(area => [area, new Set()]))
  readonly #alarms = new Set<(error: CodedError) => void>()
  readonly #catchingUp = new Set<Promise<unknown>>()

  subscribe(area: Area, listener: ChangeListener): () => void {
    return enter(this.#listeners.get(area)!, listener)
  }

  onFailure(listener: (error: CodedError) => void): () => void {
    return enter(this.#alarms, listener)
  }

  /**
   * Fulfilled when everyone has caught up, with what they were told of before as well: a change may have been seen just before whoever made it
   * tells of it. A listener that throws at once is a fault, and the rejection is an AggregateError; all have been told by then.
   */
  async tell(changed: Iterable<Area>): Promise<void> {
    const told = callAll([...changed].flatMap(area => [...this.#listeners.get(area)!]))
    this.#catchingUp.add(told)
    const over = () => this.#catchingUp.delete(told)
    told.then(over, over)
    await Promise.all(this.#catchingUp)
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
async function callAll(listeners: readonly ChangeListener[]): Promise<void> {
  const errors: unknown[] = []
  const waiting: unknown[] = []
  for (const listener of listeners) {
    try {
      waiting.push(listener())
    } catch (error) {
      errors.push(error)
    }
  }
  await Promise.all(waiting)
  if (errors.length > 0) throw new AggregateError(errors, 'a subscriber to changes of the database failed')
}
