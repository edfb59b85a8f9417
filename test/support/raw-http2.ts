import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { type ConnectionOptions, connect } from 'node:tls'
import { endHeaders, endStream, fields, frame, preface, type } from '../abuse/frames.ts'

/** Writes one request in frames by hand; answers all that came until the stream or the connection ended. */
export async function raw2(
  target: ConnectionOptions,
  request: readonly (readonly [string, string])[],
): Promise<string> {
  const socket = connect({ ...target, ALPNProtocols: ['h2'] })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  socket.write(
    Buffer.concat([
      preface,
      frame(type.settings, 0, 0),
      frame(type.headers, endHeaders | endStream, 1, fields(request)),
    ]),
  )
  let octets = Buffer.alloc(0)
  for await (const chunk of socket) {
    octets = Buffer.concat([octets, chunk])
    if (isOver(octets)) break
  }
  socket.destroy()
  return octets.toString('latin1')
}

function isOver(octets: Buffer): boolean {
  for (let at = 0; at + 9 <= octets.length; at += 9 + octets.readUIntBE(at, 3)) {
    const [kind, flags] = [octets[at + 3]!, octets[at + 4]!]
    const whole = at + 9 + octets.readUIntBE(at, 3) <= octets.length
    if (whole && (kind === type.rstStream || kind === 7 || (kind === type.data && (flags & endStream) !== 0)))
      return true
  }
  return false
}

/** One request of a client as it should be. A stream that was reset has the status 0. */
export function ask2(
  session: ClientHttp2Session,
  headers: Record<string, string | string[]>,
): Promise<{ status: number; text: string }> {
  return new Promise(resolve => {
    const stream = session.request(headers)
    let status = 0
    let text = ''
    stream.setEncoding('latin1').on('data', chunk => {
      text += chunk
    })
    stream.on('response', answer => {
      status = Number(answer[':status'])
    })
    stream.on('error', () => {}).on('close', () => resolve({ status, text }))
    stream.end()
  })
}
