import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import type { Task, Work } from '../load.ts'
import { Times } from './times.ts'

/** Requests over HTTP/2: eight connections, on all of them together as many streams at a time as are to go on in parallel. */
export async function multiplexed(task: Task): Promise<Work> {
  const times = new Times()
  const sessions = await Promise.all(Array.from({ length: Math.min(connections, task.parallel) }, () => open(task)))
  let left = task.operations
  let sample = ''
  try {
    const stream = async (session: ClientHttp2Session) => {
      while (left-- > 0) {
        const start = performance.now()
        const answer = await ask(session, task.path)
        times.add(performance.now() - start)
        sample ||= answer
      }
    }
    await Promise.all(Array.from({ length: task.parallel }, (_, i) => stream(sessions[i % sessions.length]!)))
  } finally {
    for (const session of sessions) session.destroy()
  }
  return { times, resumed: 0, sample }
}

const connections = 8

function open({ port, credentials }: Task): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(`https://localhost:${port}`, { ...credentials, minVersion: 'TLSv1.3' }, () =>
      resolve(session),
    )
    session.once('error', reject)
  })
}

function ask(session: ClientHttp2Session, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers: OutgoingHttpHeaders = { ':path': path, accept: 'application/json' }
    const stream = session.request(headers)
    let status: unknown
    let body = ''
    stream.setEncoding('latin1')
    stream.on('response', given => {
      status = given[':status']
    })
    stream.on('data', (chunk: string) => {
      body += chunk
    })
    stream.on('end', () => (status === 200 ? resolve(body) : reject(new Error(`not a 200: ${status} ${body}`))))
    stream.on('error', reject)
  })
}
