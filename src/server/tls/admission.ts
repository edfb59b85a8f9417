import type { Events } from '../../telemetry/events/events.ts'
import type { Connection } from './connection.ts'
import type { ConnectionEvents } from './connection-events.ts'
import type { Connections, Loss } from './connections.ts'
import { boundKeyUpdates } from './key-updates.ts'
import type { ListenerOptions } from './options.ts'

export interface AdmissionSource {
  readonly options: Pick<ListenerOptions, 'name' | 'onUntrusted'>
  readonly connections: Connections
  readonly events: Pick<Events, 'handshakeCompleted'>
  readonly tell: ConnectionEvents
  clientAuth(): ListenerOptions['clientAuth']
  closing(): boolean
  /** hands a connection that may stay over to the protocol that it chose */
  take(connection: Connection): void
}

export interface Admission {
  /** Takes a connection whose handshake is done, or ends it. */
  enter(connection: Connection, handshakeMs: number | undefined): void
  /** Takes one that came by the socket of a proxy: without a handshake, whatever `clientAuth` asks of those who have one. */
  enterBySocket(connection: Connection): void
  /** Under another `clientAuth`: those that could not have come in it end at once, the others with their next answer. */
  enterAgain(): void
}

/** Who gets from the handshake to the first request. */
export function createAdmission(source: AdmissionSource): Admission {
  const { options, connections, events, tell, clientAuth, closing } = source
  const { name } = options

  function enter(connection: Connection, durationMs: number | undefined): void {
    const { socket, tls, remoteAddress, protocol, resumed, presented } = connection
    events.handshakeCompleted({ listener: name, remoteAddress, protocol, resumed, presented, durationMs })
    if (closing()) return void socket.destroy()
    if (tls !== undefined) {
      boundKeyUpdates(tls, () => {
        socket.destroy()
        tell.refused(remoteAddress, 'too_many_key_updates', 'The client asked for new keys without end.')
      })
    }
    // OpenSSL has seen to it for a full handshake. A resumed one it takes as it is (invariant 2), and one that is just ending began
    // under the mode before.
    const unfit = unfitness(connection)
    if (unfit !== undefined) {
      tell.refused(remoteAddress, unfit.code, unfit.detail)
      return void socket.destroy()
    }
    if (options.onUntrusted === 'refuse') {
      const waiting = connection.settle()
      if (waiting !== undefined) {
        waiting.then(() => admit(connection)).catch(() => socket.destroy())
        return
      }
    }
    admit(connection)
  }

  /** why a connection cannot be had under the present `clientAuth` */
  function unfitness({ presented, tls }: Connection): Pick<Loss, 'code' | 'detail'> | undefined {
    if (tls === undefined) return undefined
    const mode = clientAuth()
    if (mode === 'need' && !presented)
      return { code: 'certificate_required', detail: 'No client certificate was presented.' }
    if (mode === 'none' && presented)
      return { code: 'certificate_unwanted', detail: 'Client certificates are not asked for any more.' }
    return undefined
  }

  function admit(connection: Connection): void {
    const { socket, remoteAddress } = connection
    if (closing() || socket.destroyed) return void socket.destroy()
    if (options.onUntrusted === 'refuse') {
      const judgement = connection.judgement()
      if (judgement !== undefined && !judgement.verdict.ok) {
        const { code, detail } = judgement.verdict
        tell.refused(remoteAddress, code, detail, judgement.certificate)
        return void socket.destroySoon()
      }
    }
    connections.add(connection)
    source.take(connection)
  }

  function enterAgain(): void {
    for (const connection of connections.list()) {
      const unfit = unfitness(connection)
      connection.outdated = true
      if (unfit === undefined) {
        connection.retire()
        continue
      }
      connection.drop()
      tell.ended(connection, { user: null, tenant: null, ...unfit }, 'clientAuth')
    }
  }

  function enterBySocket(connection: Connection): void {
    if (closing()) return void connection.socket.destroy()
    connections.add(connection)
    source.take(connection)
  }

  return { enter, enterBySocket, enterAgain }
}
