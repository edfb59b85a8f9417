/**
 * Makes one question to the database of those that are asked in the same turn of the event loop, `most` at a time: when trust moves on,
 * ten thousand connections ask for their bindings and users at once. `answerAll` gives the answers in the order of the questions.
 */
export function askTogether<Q, A>(
  answerAll: (questions: readonly Q[]) => Promise<readonly A[]>,
  most = 250,
): (question: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = []

  function ask(): void {
    const asked = waiting
    waiting = []
    for (let from = 0; from < asked.length; from += most) void answer(asked.slice(from, from + most))
  }

  async function answer(asked: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await answerAll(asked.map(({ question }) => question))
      for (const [i, { resolve }] of asked.entries()) resolve(answers[i]!)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }

  return question =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject })
      // After every promise that is settled by now, so that those who waited for the same thing ask together again.
      if (waiting.length === 1) process.nextTick(ask)
    })
}

interface Waiting<Q, A> {
  readonly question: Q
  resolve(answer: A): void
  reject(error: unknown): void
}
