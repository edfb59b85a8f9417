import { connect, type TLSSocket } from 'node:tls'

export interface Credentials {
  /** PEM */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface Target {
  readonly port: number
  readonly path: string
  readonly credentials: Credentials
}

export interface Exchanged {
  readonly socket: TLSSocket
  /** header section and body */
  readonly answer: string
  /** the newest ticket that came before the end of the answer */
  readonly ticket: Buffer | undefined
}

/** Opens a connection, with a session to resume where there is one, and does one request. The same offer to every server. */
export async function exchange(target: Target, session: Buffer | undefined): Promise<Exchanged> {
  const { port, credentials } = target
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ...credentials,
    ...(session === undefined ? {} : { session }),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256',
    ecdhCurve: 'X25519',
  })
  let ticket: Buffer | undefined
  socket.on('session', given => {
    ticket = given
  })
  socket.setNoDelay(true)
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.write(requestText(target))
  const answer = await whole(socket)
  return { socket, answer, ticket }
}

export const requestText = ({ path }: Pick<Target, 'path'>): string =>
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

export function ended(socket: TLSSocket): Promise<void> {
  return new Promise(resolve => {
    socket.once('close', () => resolve())
    socket.on('error', () => {})
    socket.end()
    socket.resume()
  })
}
