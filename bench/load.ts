// The client side of the benchmark, in a process of its own so that none of its work is counted. Driven by messages of client.ts.
import { type Credentials, type Exchanged, ended, exchange, requestText } from './load/connection.ts'
import { multiplexed } from './load/multiplexed.ts'
import { connectionsAtRate, requestsAtRate } from './load/open-loop.ts'
import { Times } from './load/times.ts'

/** One thing to do: `operations` of a kind against one server. */
export interface Task {
  readonly kind: keyof typeof kinds
  readonly port: number
  readonly path: string
  readonly credentials: Credentials
  readonly operations: number
  /** connections or handshakes at a time */
  readonly parallel: number
  /** operations per second, for those that come at a fixed rate */
  readonly rate?: number
}

export interface Done {
  readonly operations: number
  /** connections whose handshake resumed a session */
  readonly resumed: number
  /** the first answer, header section included */
  readonly sample: string
  readonly seconds: number
  /** milliseconds from the beginning of an operation to the end of its answer */
  readonly p50: number
  readonly p99: number
  /** the share of one CPU that this process took: near 1, and it was the client that set the pace */
  readonly clientBusy: number
}

export type Work = Pick<Done, 'resumed' | 'sample'> & { readonly times: Times }

const kinds = {
  full,
  resumed,
  reconnect,
  kept,
  open,
  close,
  multiplexed,
  'connections-at-rate': connectionsAtRate,
  'requests-at-rate': requestsAtRate,
}
const held: Exchanged[] = []

process.on('message', (task: Task) => {
  run(task).then(
    done => process.send?.({ done }),
    error => process.send?.({ error: String(error?.stack ?? error) }),
  )
})
process.on('disconnect', () => process.exit())

async function run(task: Task): Promise<Done> {
  const start = performance.now()
  const before = process.cpuUsage()
  const { times, resumed, sample } = await kinds[task.kind](task)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(before)
  const clientBusy = (user + system) / 1e6 / seconds
  return { operations: task.operations, resumed, sample, seconds, ...times.quantiles(), clientBusy }
}

/** A new connection with one request, over and over. */
function full(task: Task): Promise<Work> {
  return connections(task, () => undefined)
}

/** The same with one ticket that is spent again and again: the plain cost of a resumed handshake. */
async function resumed(task: Task): Promise<Work> {
  const { socket } = await exchange(task, undefined)
  const session = socket.getSession()
  await ended(socket)
  if (session === undefined) throw new Error('the server gave no session')
  return connections(task, () => session)
}

/** RFC 8446 section C.4: each ticket is spent once. A client keeps the newest that it was given, and has none when there was no new one. */
function reconnect(task: Task): Promise<Work> {
  return connections(task, newest => newest)
}

/** `choose` is asked for the session to offer, once the newest ticket of the connection before is known. */
async function connections(task: Task, choose: (newest: Buffer | undefined) => Buffer | undefined): Promise<Work> {
  const times = new Times()
  let left = task.operations
  let resumed = 0
  let sample = ''
  const worker = async () => {
    let newest: Buffer | undefined
    while (left-- > 0) {
      const start = performance.now()
      const { socket, answer, ticket } = await exchange(task, choose(newest))
      times.add(performance.now() - start)
      newest = ticket
      if (socket.isSessionReused()) resumed += 1
      sample ||= answer
      await ended(socket)
    }
  }
  await Promise.all(Array.from({ length: task.parallel }, worker))
  return { times, resumed, sample }
}

/** Requests one after another on the connections that are held. Answers are told apart by their length alone: all are alike. */
async function kept(task: Task): Promise<Work> {
  const text = requestText(task)
  const times = new Times()
  let left = task.operations - held.length
  await new Promise<void>((resolve, reject) => {
    let busy = held.length
    for (const { socket, answer } of held) {
      let received = 0
      let start = performance.now()
      const onClose = () => reject(new Error('a kept connection was closed'))
      const onData = (chunk: Buffer) => {
        received += chunk.length
        if (received < answer.length) return
        received -= answer.length
        const now = performance.now()
        times.add(now - start)
        start = now
        if (left-- > 0) return void socket.write(text)
        socket.off('data', onData).off('close', onClose)
        if (--busy === 0) resolve()
      }
      socket.on('data', onData).once('close', onClose)
      socket.write(text)
    }
  })
  return { times, resumed: 0, sample: held[0]?.answer ?? '' }
}

/** Opens connections that stay, each after one request. */
async function open(task: Task): Promise<Work> {
  const times = new Times()
  let left = task.operations
  let sample = ''
  const worker = async () => {
    while (left-- > 0) {
      const exchanged = await exchange(task, undefined)
      sample ||= exchanged.answer
      held.push(exchanged)
    }
  }
  await Promise.all(Array.from({ length: task.parallel }, worker))
  return { times, resumed: 0, sample }
}

/** Ends those connections. */
async function close(): Promise<Work> {
  for (const { socket } of held.splice(0)) socket.destroy()
  return { times: new Times(), resumed: 0, sample: '' }
}
