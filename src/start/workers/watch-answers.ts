/** A process that can be asked whether it still answers anybody. */
export interface Answering {
  /** Rejects when no answer comes in time. */
  alive(): Promise<unknown>
}

/** Milliseconds between two questions, and without an answer until a process counts as hung. A large reload takes a second or two. */
const interval = 2_000
const longest = 20_000

/**
 * Asks each of them again and again, and tells of one that has not answered for too long: it serves nobody, and does not end by itself. What
 * this process has missed itself (it was stopped, or got no CPU) is held against nobody.
 */
export function watchAnswers<T extends Answering>(
  processes: () => Iterable<T>,
  onHung: (process: T, seconds: number) => void,
): Disposable {
  const heard = new WeakMap<T, number>()
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    const late = now - last > 2 * interval
    last = now
    for (const each of processes()) {
      if (late || !heard.has(each)) heard.set(each, now)
      if (now - heard.get(each)! > longest) onHung(each, longest / 1000)
      each.alive().then(
        () => heard.set(each, performance.now()),
        () => {},
      )
    }
  }, interval).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
