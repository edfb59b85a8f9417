import type { Server } from 'node:https'
import type { AddressInfo, DropArgument, Socket } from 'node:net'
import type { Clock } from '../../clock.ts'
import { CodedError } from '../../errors.ts'
import type { Trust } from '../../identity/trust/trust.ts'
import type { Log } from '../../log.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Events } from '../../telemetry/events/events.ts'
import type { Exchange, Peer } from '../http/exchange.ts'
import type { Problem } from '../http/problem.ts'
import type { Forwarding } from '../proxies/forwarding.ts'
import type { ProxySocket } from '../proxies/proxies.ts'
import { clientWentAway, createAcceptor } from './accept.ts'
import { createAdmission } from './admission.ts'
import { closeServer, drainServers } from './close-server.ts'
import { Connection, connectionOf, type Remote, type WithConnection } from './connection.ts'
import { createConnectionEvents } from './connection-events.ts'
import { Connections, type LossOf } from './connections.ts'
import { createHttp1, type Http1, type TakeRequest } from './http1.ts'
import { createHttp2 } from './http2.ts'
import type { ListenerOptions } from './options.ts'
import { createProxyProtocol } from './proxy-protocol/proxy-protocol.ts'
import { createSocketServer, listenAtSocket } from './proxy-sockets.ts'
import { createRequests, type RequestsSource } from './requests.ts'
import { secureContexts } from './secure-contexts.ts'
import type { ServerIdentity } from './server-identity.ts'
import { watchStanding } from './standing.ts'
import type { TicketKeys } from './ticket-keys.ts'

export interface ListenerSource {
  readonly options: ListenerOptions
  /** the first one is shown to clients that ask for no name, or an unknown one */
  readonly identities: readonly [ServerIdentity, ...ServerIdentity[]]
  readonly trust: Trust
  /** whose names are sent when `advertiseAuthorities` is on */
  readonly authorities?: readonly Certificate[]
  /** Left out, OpenSSL seals session tickets with keys of its own: they are good for these identities in this process. */
  readonly tickets?: ListenerTickets
  /** Answers a request. What it throws is logged, and answered with 500. */
  serve(exchange: Exchange): void | Promise<void>
  /** how a request target is read; default: what could be read in two ways is refused */
  readonly readTarget?: RequestsSource['readTarget']
  /** what speaks HTTP/1.1 on its connections, and listens; left out, a server of our own */
  http1?(takeRequest: TakeRequest): Http1
  /** asked for each request when there may be a proxy in front; left out, every request is of the connection's own peer */
  readonly forwarding?: Forwarding | undefined
  /** where proxies on the same machine connect without TLS; `forwarding` says which is whose */
  readonly sockets?: readonly ProxySocket[]
  /** asked for each connection when the trust epoch has risen, so that connections end whose user may no longer come in */
  readonly lossOf?: LossOf
  /** answers of responders about our own certificates, from memory */
  readonly staples?: Staples | undefined
  /** renders a problem for people */
  readonly problemPage?: (problem: Problem) => string
  readonly events: Pick<
    Events,
    'handshakeCompleted' | 'handshakeFailed' | 'connectionRefused' | 'connectionEnded' | 'accessRefused'
  >
  readonly clock: Clock
  readonly log: Log
}

/** What seals the session tickets of one listener. */
export interface ListenerTickets extends Pick<TicketKeys, 'onChange'> {
  key(identities: ListenerSource['identities']): Buffer
}

export interface Staples {
  covers(leaf: Certificate): boolean
  /** `leaf` is DER; undefined: there is none now */
  response(leaf: Uint8Array): Buffer | undefined
}

export interface Listener {
  readonly name: string
  readonly address: string
  readonly port: number
  /** those whose handshake is done */
  connections(): readonly Peer[]
  /**
   * Ends the connections that would not be let in any more; answers how many. Happens by itself when the trust epoch rises.
   */
  rejudge(): Promise<number>
  /** New keys and certificates, and new authorities to advertise, from the next handshake on. Throws, and changes nothing, when they are unusable. */
  replaceIdentities(identities: ListenerSource['identities'], authorities?: readonly Certificate[]): void
  /**
   * Asks for certificates in this way from the next handshake on. Connections that could not have been opened in it end at once; the
   * others, which may not have been asked yet, with their next answer.
   */
  replaceClientAuth(clientAuth: ListenerOptions['clientAuth']): void
  /**
   * Accepts no more, lets requests in flight end for `graceMs`, then ends what is left. Before that, for at most `drainMs`, whoever has
   * connected gets through the handshake and is answered once more, so that nobody is turned away who came in time.
   */
  close(options?: { graceMs?: number; drainMs?: number }): Promise<void>
}

/** One that does not listen yet: `address` and `port` are of no use until its server does. */
export interface UnboundListener extends Listener {
  readonly server: Server
  /** Makes the sockets of proxies. Throws ERR_LISTEN_FAILED. */
  listenAtSockets(): Promise<void>
  /** Ends the connections that rest, and those of HTTP/2 when their requests are answered. */
  retire(): void
}

/** Listens for TLS connections. Throws ERR_LISTEN_FAILED when the address cannot be had, ERR_SERVER_KEY_UNUSABLE for a bad key. */
export async function openListener(source: ListenerSource): Promise<Listener> {
  const { options } = source
  const { server, listenAtSockets, retire: _, ...listener } = createListener(source)
  try {
    const { address, port } = await listen(server, options)
    server.on('error', tellNotAccepted(source))
    await listenAtSockets()
    return { ...listener, address, port }
  } catch (error) {
    await listener.close({ graceMs: 0 })
    throw error
  }
}

/** A listener whose server is for the caller to let listen. Throws ERR_SERVER_KEY_UNUSABLE for a bad key. */
export function createListener(source: ListenerSource): UnboundListener {
  const { options, trust, events, clock, log, lossOf } = source
  const { name, limits } = options
  const { tickets } = source
  let { clientAuth } = options
  let identities = source.identities
  let authorities = source.authorities ?? []
  let contexts = secureContexts(options, identities, authorities, tickets?.key(identities))
  if (tickets !== undefined && contexts.handshakeDone === undefined) {
    log.warn({ listener: name, node: process.version }, 'spent session tickets are not renewed under this Node')
  }
  let closing = false
  /** accepts no more: the answer to the next request of each connection is its last */
  let leaving = false
  const connections = new Connections(limits)
  const tell = createConnectionEvents(name, events)
  const takeRequest = createRequests({ ...source, name, limits, closing: () => leaving })
  const http1 = source.http1?.(takeRequest) ?? createHttp1(limits, takeRequest)
  const http2 = createHttp2(limits, takeRequest)
  const { server } = http1
  const admission = createAdmission({
    options,
    connections,
    events,
    tell,
    clientAuth: () => clientAuth,
    closing: () => closing,
    take,
  })
  const acceptor = createAcceptor({
    options,
    server,
    trust,
    events,
    contexts: () => contexts,
    clientAuth: () => clientAuth,
    onConnection: admission.enter,
    onClosed: connections.leave.bind(connections),
  })

  const balancers =
    options.proxyProtocol &&
    createProxyProtocol({
      from: options.proxyProtocol.from,
      timeout: limits.handshakeTimeout,
      onEnded({ address }, cut) {
        if (cut === undefined)
          events.handshakeFailed({ listener: name, remoteAddress: address, reason: clientWentAway })
        else tell.refused(address, cut.code, cut.detail)
      },
    })

  server.on('connection', (raw: Socket) => {
    const remote = { address: raw.remoteAddress ?? '', port: raw.remotePort ?? 0 }
    if (balancers?.expects(remote.address)) balancers.receive(raw, remote, client => begin(raw, client))
    else begin(raw, remote)
  })
  function begin(raw: Socket, remote: Remote): void {
    if (enter(raw, remote)) acceptor.accept(raw, remote)
  }
  function enter(raw: Socket, { address }: Remote): boolean {
    if (connections.enter(address)) return true
    raw.destroy()
    tell.refused(address, 'too_many_connections', `More than ${limits.maxConnectionsPerAddress} from this address.`)
    return false
  }
  const dropped = (address: string) =>
    tell.refused(address, 'too_many_connections', `More than ${limits.maxConnections} are open.`)
  server.on('drop', (drop?: DropArgument) => dropped(drop?.remoteAddress ?? ''))

  const sockets = (source.sockets ?? []).map(each => {
    const bySocket = createSocketServer(each, beginBySocket)
    bySocket.maxConnections = limits.maxConnections
    bySocket.on('drop', () => dropped(addressOfSocket(each.path)))
    return { options: each, server: bySocket }
  })
  function beginBySocket(raw: Socket, path: string): void {
    const remote = { address: addressOfSocket(path), port: 0, proxySocket: path }
    if (!enter(raw, remote)) return
    const connection = new Connection(name, raw, remote, trust)
    // Where Node's HTTP tells of what goes wrong, and finds its limits.
    Object.assign(raw, { server, [connectionOf]: connection } satisfies WithConnection & { server: unknown })
    raw.once('close', () => connections.leave(remote.address, connection))
    // Once it speaks another protocol there is nobody else to be told.
    raw.on('error', () => {})
    admission.enterBySocket(connection)
  }

  function take(connection: Connection): void {
    const { socket, tls } = connection
    if (tls === undefined) http1.take(connection)
    else if (tls.alpnProtocol === 'h2') http2.take(connection)
    else if (options.http.includes('http/1.1')) http1.take(connection)
    // A client that negotiates nothing speaks HTTP/1.1.
    else socket.destroySoon()
  }

  const onOcspRequest = (leaf: Buffer | undefined, _issuer: Buffer | undefined, done: StapleCallback): void => {
    // Node tells the certificate only when a server name chose it.
    const asked = leaf ?? identities[0].chain[0]?.raw
    done(null, (asked && source.staples?.response(asked)) ?? null)
  }
  function watchStaples(shown: ListenerSource['identities']): void {
    // With a listener for it, every handshake stops once more: only where there may be something to hand out.
    server.off('OCSPRequest', onOcspRequest)
    if (shown.some(({ chain: [leaf] }) => leaf !== undefined && source.staples?.covers(leaf))) {
      server.on('OCSPRequest', onOcspRequest)
    }
  }

  watchStaples(source.identities)
  const forgetTickets = tickets?.onChange(() => contexts.replaceTicketKey(tickets.key(identities)))
  const standing = watchStanding({
    name,
    connections,
    trust,
    lossOf,
    tell,
    clock,
    log,
    sweep() {
      balancers?.dropStalled()
      acceptor.dropStalled()
      connections.dropStalled()
    },
  })

  return {
    name,
    server,
    get address() {
      return addressOf(server)?.address ?? options.address
    },
    get port() {
      return addressOf(server)?.port ?? options.port
    },
    connections: () => connections.list(),
    retire() {
      for (const connection of connections.list()) connection.retire()
    },
    async listenAtSockets() {
      for (const each of sockets) {
        await listenAtSocket(each.server, each.options)
        each.server.on('error', tellNotAccepted(source))
      }
    },
    rejudge: standing.rejudge,
    replaceIdentities(next, nextAuthorities = []) {
      contexts = secureContexts(options, next, nextAuthorities, tickets?.key(next))
      identities = next
      authorities = nextAuthorities
      watchStaples(next)
    },
    replaceClientAuth(next) {
      if (next === clientAuth) return
      clientAuth = next
      // New ones: a session of the mode before must not be resumed in this one.
      contexts = secureContexts(options, identities, authorities, tickets?.key(identities))
      admission.enterAgain()
    },
    async close({ graceMs = 10_000, drainMs = 0 } = {}) {
      leaving = true
      const beside = sockets.map(each => each.server)
      if (drainMs > 0) await drainServers([server, ...beside], drainMs)
      closing = true
      standing.ignoreEpoch()
      forgetTickets?.()
      const begun = () => {
        balancers?.dropAll()
        acceptor.dropAll()
      }
      await closeServer(server, connections, graceMs, { begun, beside })
      standing.stop()
    },
  }
}

/** For a server that listens. */
function tellNotAccepted({ log, options: { name } }: ListenerSource): (error: Error) => void {
  return error => log.error({ err: error, listener: name }, 'a connection could not be accepted')
}

/** What stands for the address of a proxy that has none, in logs and limits. */
const addressOfSocket = (path: string) => `unix:${path}`

type StapleCallback = (error: Error | null, response: Buffer | null) => void

function addressOf(server: Server): AddressInfo | undefined {
  const bound = server.address()
  return bound === null || typeof bound === 'string' ? undefined : bound
}

function listen(server: Server, { name, address, port }: ListenerOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', cause =>
      reject(
        new CodedError('ERR_LISTEN_FAILED', `listener ${name} cannot listen on ${address}:${port}: ${cause.message}`, {
          remedy: 'Check that the address is one of this machine, and that no other program has the port.',
          cause,
        }),
      ),
    )
    server.listen({ host: address, port, backlog: 1024 }, () => {
      server.removeAllListeners('error')
      resolve(server.address() as AddressInfo)
    })
  })
}
