import { CodedError, isCoded } from '../../errors.ts'

/** One end of the channel between two processes: `process` in a worker, the worker in the other one. */
export interface End {
  send(message: object, done: (error: Error | null) => void): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
}

/** What the other process may ask, by name. What it throws is thrown there. */
export type Answers = Readonly<Record<string, (...values: never[]) => unknown>>

export interface Channel {
  /** What the other process answers. Throws what it throws, and ERR_WORKER when it does not answer in so many milliseconds, or is gone. */
  ask(what: string, values: readonly unknown[], patience: number): Promise<unknown>
  /** The other process is gone. */
  close(): void
}

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly what: string; readonly values: readonly never[] }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }

type Failure = Pick<CodedError, 'code' | 'message' | 'remedy'>

/** Questions and answers over messages between processes, in both directions. */
export function openChannel(end: End, answers: Answers): Channel {
  const open = new Map<number, PromiseWithResolvers<unknown>>()
  let asked = 0
  let closed = false

  end.on('message', message => {
    const { kind, id } = message as Message
    if (kind === 'ask') return void answer(message as Message & { kind: 'ask' })
    const waiting = open.get(id)
    open.delete(id)
    if (kind === 'answer') waiting?.resolve((message as Message & { kind: 'answer' }).value)
    else waiting?.reject(revived((message as Message & { kind: 'failure' }).failure))
  })

  async function answer({ id, what, values }: Message & { kind: 'ask' }): Promise<void> {
    try {
      const value = await answers[what]!(...values)
      tell({ kind: 'answer', id, value })
    } catch (error) {
      tell({ kind: 'failure', id, failure: failureOf(error) })
    }
  }

  function tell(message: Message): void {
    // Whoever is gone needs no answer, and an answer to us does not come.
    if (!closed) end.send(message, () => {})
  }

  return {
    async ask(what, values, patience) {
      if (closed) throw gone()
      asked += 1
      const id = asked
      const waiting = Promise.withResolvers<unknown>()
      open.set(id, waiting)
      const late = setTimeout(() => waiting.reject(silent(what, patience)), patience)
      try {
        tell({ kind: 'ask', id, what, values: values as never[] })
        return await waiting.promise
      } finally {
        clearTimeout(late)
        open.delete(id)
      }
    },
    close() {
      closed = true
      for (const { reject } of open.values()) reject(gone())
    },
  }
}

function failureOf(error: unknown): Failure {
  if (isCoded(error)) return { code: error.code, message: error.message, remedy: error.remedy }
  return { code: 'ERR_INTERNAL', message: error instanceof Error ? error.message : String(error), remedy: undefined }
}

function revived({ code, message, remedy }: Failure): CodedError {
  return new CodedError(code as `ERR_${string}`, message, remedy === undefined ? {} : { remedy })
}

function gone(): CodedError {
  return new CodedError('ERR_WORKER', 'the other process has ended', { remedy })
}

function silent(what: string, patience: number): CodedError {
  return new CodedError('ERR_WORKER', `the other process did not answer (${what}) within ${patience / 1000} s`, {
    remedy,
  })
}

const remedy = 'The log says why a worker ended; a new one takes its place by itself.'
