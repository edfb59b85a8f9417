import { Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { CodedError } from '../../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import { createAdmission } from './admission.ts'
import { closeServer } from './close-server.ts'
import { Connection, connectionOf, type WithConnection } from './connection.ts'
import { createConnectionEvents } from './connection-events.ts'
import { Connections } from './connections.ts'
import { interpose } from './interpose.ts'
import type { ListenerSource, UnboundListener } from './listener.ts'
import type { ListenerOptions } from './options.ts'
import { createRequests } from './requests.ts'
import { watchStanding } from './standing.ts'

export interface AdoptSource
  extends Omit<ListenerSource, 'identities' | 'authorities' | 'tickets' | 'http1' | 'staples'> {
  readonly server: Server
}

export interface AdoptedServer extends Pick<UnboundListener, 'name' | 'connections' | 'retire' | 'close'> {
  /** Gives a request that was let through to the handlers of the server. */
  pass(exchange: Exchange): void
  replaceClientAuth(clientAuth: ListenerOptions['clientAuth']): void
}

/**
 * The other half of a listener on a server whose TLS is somebody else's: what its clients present is read from their sockets and judged
 * here; nothing is taken from what OpenSSL thought of it. Throws ERR_SERVER_UNFIT with all that is in the way.
 */
export function adoptServer(source: AdoptSource): AdoptedServer {
  const { server, options, trust, events, lossOf, clock, log } = source
  const { name, limits } = options
  let { clientAuth } = options
  requireFitness(server, options)
  adopted.add(server)
  let closing = false
  const connections = new Connections(limits)
  const tell = createConnectionEvents(name, events)
  const takeRequest = createRequests({ ...source, name, limits, closing: () => closing })
  const { give, pass } = interpose({ server, takeRequest, takeSocket })
  const admission = createAdmission({
    options,
    connections,
    events,
    tell,
    clientAuth: () => clientAuth,
    closing: () => closing,
    take: give,
  })

  function takeSocket(socket: TLSSocket): void {
    const remote = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    const connection = new Connection(name, socket, remote, trust)
    ;(socket as WithConnection)[connectionOf] = connection
    socket.once('close', () => connections.leave(remote.address, connection))
    // Until the HTTP server has it there is nobody else to be told.
    socket.on('error', () => {})
    admission.enter(connection, undefined)
  }

  server.on('tlsClientError', ({ message }, { remoteAddress = '' }) =>
    events.handshakeFailed({ listener: name, remoteAddress, reason: message }),
  )
  const standing = watchStanding({ name, connections, trust, lossOf, tell, clock, log, sweep() {} })
  const retire = () => {
    for (const connection of connections.list()) connection.retire()
  }

  return {
    name,
    connections: () => connections.list(),
    retire,
    pass,
    replaceClientAuth(next) {
      if (next === clientAuth) return
      clientAuth = next
      admission.enterAgain()
    },
    async close({ graceMs = 10_000 } = {}) {
      closing = true
      standing.ignoreEpoch()
      await closeServer(server, connections, graceMs)
      standing.stop()
    },
  }
}

const adopted = new WeakSet<object>()

function requireFitness(server: Server, { name, clientAuth, proxyProtocol }: ListenerOptions): void {
  if (!(server instanceof Server)) {
    throw new CodedError('ERR_SERVER_UNFIT', 'only an https.Server of node:https can be protected', {
      remedy:
        'Make it with https.createServer, or let Countersign make it: auth.createServer, which speaks HTTP/2 as well.',
    })
  }
  const { requestCert, rejectUnauthorized } = server as Server & {
    requestCert?: boolean
    rejectUnauthorized?: boolean
  }
  const faults = [
    ...(adopted.has(server) ? ['it is protected already'] : []),
    ...(server.listening ? ['it listens already, and may have let somebody in'] : []),
    ...(clientAuth === 'none'
      ? [`the listener ${name} has clientAuth: none, so nobody could come by certificate`]
      : []),
    ...(proxyProtocol === undefined
      ? []
      : [`the listener ${name} has proxyProtocol, which such a server does not read`]),
    ...(requestCert === true ? [] : ['it asks for no client certificate (requestCert is not true)']),
    // With its own list, or Node's public authorities, OpenSSL would turn down whom the trust store trusts, and say nothing.
    ...(rejectUnauthorized === false ? [] : ['it lets OpenSSL judge as well (rejectUnauthorized is not false)']),
  ]
  if (faults.length === 0) return
  throw new CodedError('ERR_SERVER_UNFIT', `the server cannot be protected: ${faults.join('; ')}`, {
    remedy:
      'Make it with https.createServer({ key, cert, requestCert: true, rejectUnauthorized: false }), protect it, and let it listen then.',
  })
}
