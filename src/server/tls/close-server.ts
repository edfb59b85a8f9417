import { once } from 'node:events'
import type { Server as HttpsServer } from 'node:https'
import { Server } from 'node:net'
import type { Connections } from './connections.ts'

/**
 * Accepts no more, lets requests in flight end for `graceMs`, then ends what is left. `begun` is called when none comes any more; servers
 * `beside` accept connections that this one answers on.
 */
export async function closeServer(
  server: HttpsServer,
  connections: Connections,
  graceMs: number,
  { begun, beside = [] }: { readonly begun?: () => void; readonly beside?: readonly Server[] } = {},
): Promise<void> {
  const closed = Promise.all(
    [server, ...beside].map(each => new Promise<void>(resolve => void each.close(() => resolve()))),
  )
  begun?.()
  const deadline = performance.now() + graceMs
  const retire = () => {
    const late = performance.now() >= deadline
    for (const connection of connections.list()) {
      if (late) connection.socket.destroy()
      else connection.retire()
    }
    server.closeIdleConnections()
  }
  retire()
  const timer = setInterval(retire, 20)
  await closed
  clearInterval(timer)
}

/** Accept no more, and wait until all that came have gone, but not for longer. */
export async function drainServers(servers: readonly Server[], milliseconds: number): Promise<void> {
  // Not the HTTP server's own `close`, which cuts off clients that may just be sending their next request.
  const close = (server: Server) =>
    new Promise<void>(resolve => void Server.prototype.close.call(server, () => resolve()))
  await Promise.race([Promise.all(servers.map(close)), once(AbortSignal.timeout(milliseconds), 'abort')])
}
