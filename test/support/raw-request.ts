// Requests as they are written, byte for byte: clients of libraries tidy paths and methods up before they send them.
import { connect as connectHttp2, constants } from 'node:http2'
import type { Issued } from './certificates.ts'
import type { Home } from './home.ts'

export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Status of the answer over HTTP/1.1; 0 when the connection ended without one. */
export async function statusOf(home: Home, certificate: Issued | undefined, request: RawRequest): Promise<number> {
  const { method, target, headers = {}, body = '' } = request
  const socket = await home.connect({ certificate })
  const fields = {
    Host: 'localhost',
    Connection: 'close',
    ...headers,
    ...(body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  }
  socket.write(
    `${method} ${target} HTTP/1.1\r\n${Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n${body}`,
  )
  const text = Buffer.concat(await socket.toArray()).toString('latin1')
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
}

/** The same over HTTP/2; 0 when the stream was reset. */
export async function statusOfHttp2(home: Home, certificate: Issued | undefined, request: RawRequest): Promise<number> {
  const { method, target, headers = {}, body } = request
  const socket = await home.connect({ certificate, alpn: ['h2'] })
  const session = connectHttp2('https://localhost', { createConnection: () => socket })
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject)
      const fields = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
      const stream = session.request({
        ...fields,
        [constants.HTTP2_HEADER_METHOD]: method,
        [constants.HTTP2_HEADER_PATH]: target,
      })
      stream.on('response', answer => resolve(Number(answer[':status'])))
      stream.on('error', () => resolve(0))
      stream.on('close', () => resolve(0))
      stream.end(body)
    })
  } finally {
    session.destroy()
  }
}
