// A listener on its own authorities and a real trust, with clients that connect to it: for tests of the door itself.
import { randomBytes } from 'node:crypto'
import { connect as connectHttp2 } from 'node:http2'
import { after } from 'node:test'
import { type ConnectionOptions, connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { type Clock, systemClock } from '../../src/clock.ts'
import { createTrust, type ReplaceableTrust } from '../../src/identity/trust/create-trust.ts'
import { createEpoch, type Epoch } from '../../src/identity/trust/epoch.ts'
import { type Log, silentLog } from '../../src/log.ts'
import type { Exchange } from '../../src/server/http/exchange.ts'
import { type Listener, type ListenerSource, openListener } from '../../src/server/tls/listener.ts'
import { listenerOptions } from '../../src/server/tls/options.ts'
import type { ServerIdentity } from '../../src/server/tls/server-identity.ts'
import { type Issued, type TestAuthority, testAuthority } from './certificates.ts'
import { sendJson } from './send-json.ts'

export interface Told {
  readonly event: 'handshakeCompleted' | 'handshakeFailed' | 'connectionRefused' | 'connectionEnded' | 'accessRefused'
  readonly code?: string
  readonly reason?: string
  readonly resumed?: boolean
}

export interface TestListener {
  readonly listener: Listener
  readonly port: number
  /** issues the clients that are trusted */
  readonly authority: TestAuthority
  readonly serverAuthority: TestAuthority
  readonly trust: ReplaceableTrust
  readonly epoch: Epoch
  readonly told: readonly Told[]
  /** fulfilled as soon as such an event has been told */
  untilTold(event: Told['event'], matches?: (told: Told) => boolean): Promise<Told>
  /** one connection and one request on it; rejects when either fails */
  ask(options?: AskOptions): Promise<Asked>
  /** a connection whose handshake is done from the client's side */
  connect(options?: AskOptions): Promise<TLSSocket>
}

export interface TestListenerOptions extends Partial<Pick<ListenerSource, 'serve' | 'lossOf' | 'problemPage'>> {
  readonly options?: Parameters<typeof listenerOptions.parse>[0]
  readonly identities?: (authority: TestAuthority) => ListenerSource['identities']
  readonly authority?: TestAuthority
  readonly clock?: Clock
  readonly log?: Log
  /** default: those of a key that never turns, which is how the product seals */
  readonly tickets?: ListenerSource['tickets'] | 'keys of OpenSSL'
}

export interface AskOptions {
  readonly certificate?: Issued | undefined
  readonly tls?: SecureVersion
  readonly http?: 'h2' | 'http/1.1'
  readonly session?: Buffer | undefined
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly servername?: string
  readonly port?: number
}

export interface Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** the body, parsed */
  readonly body: Record<string, unknown>
  readonly resumed: boolean
  /** for another connection to resume */
  readonly session: Buffer | undefined
  readonly socket: TLSSocket
}

/** Ends with the suite that opened it. */
export async function testListener(setting: TestListenerOptions = {}): Promise<TestListener> {
  const serverAuthority = testAuthority({ name: 'Server CA' })
  const authority = setting.authority ?? testAuthority({ name: 'Client CA' })
  const { clock = systemClock } = setting
  const epoch = createEpoch()
  const anchors = [{ alias: 'clients', certificate: authority.certificate }]
  const trust = createTrust({ material: { anchors, policy: { purpose: 'client' } }, epoch, clock, log: silentLog })
  const told: Told[] = []
  const waiting = new Set<() => void>()
  const tell = (event: Told['event']) => (facts: object) => {
    told.push({ event, ...facts })
    for (const look of waiting) look()
  }
  const identities = setting.identities?.(serverAuthority) ?? [serverIdentity(serverAuthority.issueServer())]
  const ticketKey = randomBytes(48)
  const { tickets = { key: () => ticketKey, onChange: () => () => {} } } = setting
  const listener = await openListener({
    options: listenerOptions.parse({ address: '127.0.0.1', port: 0, ...(setting.options as object) }),
    identities,
    trust,
    authorities: [authority.certificate],
    serve: setting.serve ?? echo,
    ...(tickets === 'keys of OpenSSL' ? {} : { tickets }),
    ...(setting.lossOf === undefined ? {} : { lossOf: setting.lossOf }),
    ...(setting.problemPage === undefined ? {} : { problemPage: setting.problemPage }),
    events: {
      handshakeCompleted: tell('handshakeCompleted'),
      handshakeFailed: tell('handshakeFailed'),
      connectionRefused: tell('connectionRefused'),
      connectionEnded: tell('connectionEnded'),
      accessRefused: tell('accessRefused'),
    },
    clock,
    log: setting.log ?? silentLog,
  })
  const sockets = new Set<TLSSocket>()
  after(async () => {
    for (const socket of sockets) socket.destroy()
    await listener.close({ graceMs: 0 })
  })

  const open = (options: AskOptions): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect(clientOptions(options, listener.port, serverAuthority))
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.once('secureConnect', () => resolve(socket)).once('error', reject)
    })

  return {
    listener,
    port: listener.port,
    authority,
    serverAuthority,
    trust,
    epoch,
    told,
    connect: (options = {}) => open(options),
    async ask(options = {}) {
      const socket = await open(options)
      let session = undefined as Buffer | undefined
      socket.on('session', ticket => {
        session = ticket
      })
      const answer = await (options.http === 'h2' ? askHttp2(socket, options) : askHttp1(socket, options))
      session ??= socket.getSession()
      return { ...answer, resumed: socket.isSessionReused(), session, socket }
    },
    untilTold: (event, matches = () => true) =>
      new Promise(resolve => {
        const look = () => {
          const found = told.find(one => one.event === event && matches(one))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

export function serverIdentity(issued: Issued, alias = 'server'): ServerIdentity {
  return { alias, key: issued.privateKey, chain: [issued.certificate] }
}

/** Tells what the listener made of the request. */
function echo(exchange: Exchange): void {
  const { peer, method, path, query, headers, requestId } = exchange
  const judgement = peer.judgement()
  const verdict = judgement === undefined ? 'none' : judgement.verdict.ok ? 'trusted' : judgement.verdict.code
  const { protocol, resumed } = peer
  sendJson(exchange, { verdict, protocol, resumed, method, path, query, headers, requestId, chain: peer.chain.length })
}

function clientOptions(options: AskOptions, port: number, serverAuthority: TestAuthority): ConnectionOptions {
  const { certificate, tls, http = 'http/1.1', session, servername = 'localhost' } = options
  return {
    host: '127.0.0.1',
    port: options.port ?? port,
    ca: serverAuthority.pem,
    ...(servername === '' ? { checkServerIdentity: () => undefined } : { servername }),
    ALPNProtocols: [http],
    ...(certificate === undefined ? {} : { key: certificate.keyPem, cert: certificate.chainPem }),
    ...(tls === undefined ? {} : { minVersion: tls, maxVersion: tls }),
    ...(session === undefined ? {} : { session }),
  }
}

type Answer = Pick<Asked, 'status' | 'headers' | 'text' | 'body'>

async function askHttp1(socket: TLSSocket, { path = '/', headers = {} }: AskOptions): Promise<Answer> {
  const fields = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET ${path} HTTP/1.1\r\n${fields.join('')}\r\n`)
  const text = await readAnswer(socket)
  return parseAnswer(text)
}

/** Reads one answer with a Content-Length, or whatever comes until the connection ends. Rejects when nothing comes. */
export function readAnswer(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const done = (error?: Error) => {
      socket.off('data', onData).off('close', done).off('error', done)
      if (text === '') reject(error instanceof Error ? error : new Error('the connection was closed without an answer'))
      else resolve(text)
    }
    const onData = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? Number.NaN)
      if (end !== -1 && text.length >= end + 4 + length) done()
    }
    socket.on('data', onData).on('close', done).on('error', done)
  })
}

export function parseAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...fields] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(
    fields.map(field => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()]),
  )
  const body = Buffer.from(text.slice(end + 4), 'latin1').toString('utf8')
  return { status: Number(statusLine.split(' ')[1]), headers, text: body, body: jsonOf(body) }
}

function askHttp2(socket: TLSSocket, { path = '/', headers = {} }: AskOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2('https://localhost', { createConnection: () => socket })
    session.on('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed without an answer')))
    const stream = session.request({ ':path': path, ...headers })
    let text = ''
    let fields: Record<string, unknown> = {}
    stream.on('response', received => {
      fields = { ...received }
    })
    stream.setEncoding('utf8').on('data', chunk => {
      text += chunk
    })
    stream.on('error', reject)
    stream.on('end', () => resolve({ status: Number(fields[':status']), headers: fields, text, body: jsonOf(text) }))
    stream.end()
  })
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
