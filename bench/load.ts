// The client side of the benchmark, in a process of its own so that none of its work is counted. Driven by messages of bench.ts.
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'

/** One thing to do: `operations` of a kind against one server. */
export interface Task {
  readonly kind: 'full' | 'resumed' | 'kept' | 'open' | 'close' | 'read'
  readonly port: number
  readonly operations: number
  readonly parallel: number
  readonly path: string
  readonly credentials: { readonly ca: string; readonly cert: string; readonly key: string }
}

export interface Done {
  readonly operations: number
  readonly resumed: number
  /** the first answer, header section included */
  readonly sample: string
}

const held: TLSSocket[] = []
let session: Buffer | undefined

process.on('message', (task: Task) => {
  run(task).then(
    done => process.send?.({ done }),
    error => process.send?.({ error: String(error?.stack ?? error) }),
  )
})
process.on('disconnect', () => process.exit())

async function run(task: Task): Promise<Done> {
  switch (task.kind) {
    case 'full':
      return connections(task, false)
    case 'resumed':
      return connections(task, true)
    case 'kept':
      return kept(task)
    case 'open':
      return open(task)
    case 'close':
      for (const socket of held.splice(0)) socket.destroy()
      return { operations: 0, resumed: 0, sample: '' }
    case 'read': {
      const { socket, answer } = await exchange(task, undefined)
      socket.destroy()
      return { operations: 1, resumed: 0, sample: answer }
    }
  }
}

/** A new connection with one request, over and over. */
async function connections(task: Task, resume: boolean): Promise<Done> {
  let left = task.operations
  let resumed = 0
  let sample = ''
  session = resume ? await ticket(task) : undefined
  const worker = async () => {
    while (left-- > 0) {
      const { socket, answer } = await exchange(task, session)
      if (socket.isSessionReused()) resumed += 1
      sample ||= answer
      await ended(socket)
    }
  }
  await Promise.all(Array.from({ length: task.parallel }, worker))
  return { operations: task.operations, resumed, sample }
}

/** One ticket, spent again and again: the plain cost of a resumed handshake. */
async function ticket(task: Task): Promise<Buffer> {
  const { socket } = await exchange(task, undefined)
  const session = socket.getSession()
  await ended(socket)
  if (session === undefined) throw new Error('the server gave no session')
  return session
}

async function exchange(task: Task, session: Buffer | undefined): Promise<{ socket: TLSSocket; answer: string }> {
  const socket = connect(options(task, session))
  socket.setNoDelay(true)
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.write(request(task))
  return { socket, answer: await whole(socket) }
}

function options({ port, credentials }: Task, session: Buffer | undefined): ConnectionOptions {
  return {
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ...credentials,
    ...(session === undefined ? {} : { session }),
    ALPNProtocols: ['http/1.1'],
    ecdhCurve: 'X25519',
  }
}

const request = ({ path }: Task): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n`

/** Reads one answer with a Content-Length. */
function whole(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1 || text.length < end + 4 + contentLength(text)) return
      socket.off('data', onData)
      socket.off('close', onClose)
      if (text.startsWith('HTTP/1.1 200 ')) resolve(text)
      else reject(new Error(`not a 200: ${text.slice(0, 500)}`))
    }
    const onClose = () => reject(new Error('closed before the answer'))
    socket.on('data', onData).once('close', onClose)
  })
}

const contentLength = (text: string): number => Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? Number.NaN)

function ended(socket: TLSSocket): Promise<void> {
  return new Promise(resolve => {
    socket.once('close', () => resolve())
    socket.on('error', () => {})
    socket.end()
    socket.resume()
  })
}

/** Requests one after another on connections that stay open. Answers are told apart by their length alone: all are alike. */
async function kept(task: Task): Promise<Done> {
  const opened = await Promise.all(Array.from({ length: task.parallel }, () => exchange(task, undefined)))
  const text = request(task)
  const sample = opened[0]!.answer
  let left = task.operations - task.parallel
  await new Promise<void>((resolve, reject) => {
    let busy = opened.length
    for (const { socket, answer } of opened) {
      let received = 0
      socket.on('data', chunk => {
        received += chunk.length
        if (received < answer.length) return
        received -= answer.length
        if (left-- > 0) socket.write(text)
        else if (--busy === 0) resolve()
      })
      socket.once('close', () => reject(new Error('a kept connection was closed')))
      socket.write(text)
    }
  })
  for (const { socket } of opened) {
    socket.removeAllListeners('close')
    socket.destroy()
  }
  return { operations: task.operations, resumed: 0, sample }
}

/** Opens connections that stay, each after one request. */
async function open(task: Task): Promise<Done> {
  let left = task.operations
  let sample = ''
  const worker = async () => {
    while (left-- > 0) {
      const { socket, answer } = await exchange(task, undefined)
      sample ||= answer
      held.push(socket)
    }
  }
  await Promise.all(Array.from({ length: task.parallel }, worker))
  return { operations: task.operations, resumed: 0, sample }
}
