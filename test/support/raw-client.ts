import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'

export interface RawAnswer {
  /** 0: the connection ended without one */
  readonly status: number
  readonly text: string
}

/** Writes octets to a server and reads one answer of HTTP/1.1; the connection is kept for the next as long as it stands. */
export interface RawClient {
  send(octets: string): Promise<RawAnswer>
  close(): void
}

export function rawClient(options: ConnectionOptions): RawClient {
  let kept: TLSSocket | undefined
  async function open(): Promise<TLSSocket> {
    if (kept?.writable) return kept
    kept = connect(options).setEncoding('latin1')
    kept.on('error', () => {})
    await once(kept, 'secureConnect')
    return kept
  }
  return {
    async send(octets) {
      const socket = await open()
      socket.write(octets, 'latin1')
      const text = await readOne(socket)
      if (/^connection: close/im.test(text) || text === '') socket.destroy()
      return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0), text }
    },
    close: () => void kept?.destroy(),
  }
}

/** As much as there is of it when the connection ends. */
function readOne(socket: TLSSocket): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const done = () => {
      socket.off('data', onData).off('close', done).off('end', done)
      resolve(text)
    }
    const onData = (chunk: string) => {
      text += chunk
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = text.slice(0, end)
      const length = /^content-length: (\d+)/im.exec(head)?.[1]
      const whole = length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length >= end + 4 + Number(length)
      if (whole) done()
    }
    socket.on('data', onData).on('close', done).on('end', done)
  })
}
