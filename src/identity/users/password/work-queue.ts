/** Runs jobs, so many at a time; the others wait. */
export interface WorkQueue {
  /** whether so many wait that no further job should come */
  readonly full: boolean
  run<T>(job: () => Promise<T>): Promise<T>
}

export function createWorkQueue(limits: { readonly running: number; readonly waiting: number }): WorkQueue {
  const waiting: (() => void)[] = []
  let running = 0

  async function turn(): Promise<void> {
    if (running < limits.running) running += 1
    else await new Promise<void>(resolve => waiting.push(resolve))
  }

  // The place is handed on, never free in between: a new job could slip past those that wait.
  function done() {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }

  async function runInTurn<T>(job: () => Promise<T>): Promise<T> {
    await turn()
    try {
      return await job()
    } finally {
      done()
    }
  }

  return {
    get full() {
      return running >= limits.running && waiting.length >= limits.waiting
    },
    run: runInTurn,
  }
}
