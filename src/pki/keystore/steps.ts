/** Work that can be interrupted after each of its steps, which take some milliseconds. */
export type Steps<T> = Generator<void, T>

/** Certificates that are read in one step. */
export const certificatesPerStep = 500

/** `atOnce` or `inTurns` */
export type Pace = <T>(steps: Steps<T>) => T | Promise<T>

/** Does it in one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** Lets others have their turn behind each step. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await new Promise(setImmediate)
  }
}
