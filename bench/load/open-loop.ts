import type { Task, Work } from '../load.ts'
import { ended, exchange, requestText } from './connection.ts'
import { Times } from './times.ts'

/** New connections at a fixed rate, whether or not those before are answered. Each takes its time from the moment it was due. */
export async function connectionsAtRate(task: Task): Promise<Work> {
  const times = new Times()
  let sample = ''
  const open = async (due: number) => {
    const { socket, answer } = await exchange(task, undefined)
    times.add(performance.now() - due)
    sample ||= answer
    await ended(socket)
  }
  const under: Promise<void>[] = []
  await paced(task, due => under.push(open(due)))
  await Promise.all(under)
  return { times, resumed: 0, sample }
}

/** Requests at a fixed rate over connections that are open. One that finds none free waits, and its waiting counts. */
export async function requestsAtRate(task: Task): Promise<Work> {
  const opened = await Promise.all(Array.from({ length: task.parallel }, () => exchange(task, undefined)))
  const text = requestText(task)
  const times = new Times()
  const free = opened.map(({ socket, answer }) => ({ socket, length: answer.length, due: 0 }))
  const connections = [...free]
  const waiting: number[] = []
  let left = task.operations
  const send = (due: number) => {
    const connection = free.shift()
    if (connection === undefined) return void waiting.push(due)
    connection.due = due
    connection.socket.write(text)
  }
  await new Promise<void>((resolve, reject) => {
    for (const connection of connections) {
      let received = 0
      connection.socket.on('data', chunk => {
        received += chunk.length
        if (received < connection.length) return
        received -= connection.length
        times.add(performance.now() - connection.due)
        free.push(connection)
        const next = waiting.shift()
        if (next !== undefined) send(next)
        left -= 1
        if (left === 0) resolve()
      })
      connection.socket.once('close', () => reject(new Error('a kept connection was closed')))
    }
    paced(task, send).catch(reject)
  })
  for (const { socket } of connections) {
    socket.removeAllListeners('close')
    socket.destroy()
  }
  return { times, resumed: 0, sample: opened[0]!.answer }
}

/**
 * Calls `begin` as often per second as the task says. Timers come at most a thousand times a second, so at higher rates a few begin together;
 * what this process is late itself is nobody's fault: the time counts from the tick on which an operation began.
 */
async function paced({ rate = 1, operations }: Task, begin: (due: number) => void): Promise<void> {
  const start = performance.now()
  let begun = 0
  while (begun < operations) {
    const now = performance.now()
    for (const due = Math.min(operations, ((now - start) * rate) / 1000); begun < due; begun += 1) begin(now)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}
