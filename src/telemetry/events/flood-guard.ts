/**
 * Strangers cause events as fast as they like. The first of a kind are told one by one; of the others only how many they were, once a
 * minute: so nobody fills the disk with refusals, or hides one among a million.
 */
export interface FloodGuard extends Disposable {
  /** Whether this one is to be told by itself. `subject` says what "of a kind" means: values of low variety first of all. */
  allows(event: string, subject: Readonly<Record<string, string>>): boolean
}

export interface Repetition {
  readonly event: string
  /** empty when there were too many different ones to tell them apart */
  readonly subject: Readonly<Record<string, string>>
  /** how many were not told */
  readonly count: number
}

export interface FloodLimits {
  /** milliseconds */
  readonly window: number
  /** told one by one, of one kind in one window */
  readonly perSubject: number
  /** told one by one, of all kinds together in one window */
  readonly overall: number
  /** different kinds that are told apart in one window */
  readonly subjects: number
}

export const floodLimits: FloodLimits = { window: 60_000, perSubject: 20, overall: 3_000, subjects: 1_000 }

export function createFloodGuard(tell: (repetition: Repetition) => void, limits = floodLimits): FloodGuard {
  const subjects = new Map<string, { repetition: Repetition; told: number; untold: number }>()
  let told = 0
  let timer: NodeJS.Timeout | undefined

  function endWindow(): void {
    clearTimeout(timer)
    timer = undefined
    told = 0
    const ended = [...subjects.values()]
    subjects.clear()
    for (const { repetition, untold } of ended) if (untold > 0) tell({ ...repetition, count: untold })
  }

  function entry(event: string, subject: Repetition['subject']) {
    const key = [event, ...Object.values(subject)].join('\n')
    const found = subjects.get(key)
    if (found) return found
    if (subjects.size >= limits.subjects && Object.keys(subject).length > 0) return entry(event, {})
    const made = { repetition: { event, subject, count: 0 }, told: 0, untold: 0 }
    subjects.set(key, made)
    return made
  }

  return {
    allows(event, subject) {
      timer ??= setTimeout(endWindow, limits.window).unref()
      const kind = entry(event, subject)
      if (kind.told < limits.perSubject && told < limits.overall) {
        kind.told++
        told++
        return true
      }
      kind.untold++
      return false
    },
    [Symbol.dispose]: endWindow,
  }
}
