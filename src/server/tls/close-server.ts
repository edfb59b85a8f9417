import { once } from 'node:events'
import type { Server as HttpsServer } from 'node:https'
import { Server } from 'node:net'
import type { Connections } from './connections.ts'

/** Accepts no more, lets requests in flight end for `graceMs`, then ends what is left. `begun` is called when none comes any more. */
export async function closeServer(
  server: HttpsServer,
  connections: Connections,
  graceMs: number,
  begun: () => void = () => {},
): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  begun()
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

/** Accepts no more, and waits until all that came have gone, but not for longer. */
export async function drainServer(server: HttpsServer, milliseconds: number): Promise<void> {
  // Not the HTTP server's own `close`, which cuts off clients that may just be sending their next request.
  const gone = new Promise<void>(resolve => void Server.prototype.close.call(server, () => resolve()))
  await Promise.race([gone, once(AbortSignal.timeout(milliseconds), 'abort')])
}
