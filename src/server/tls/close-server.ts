import type { Server } from 'node:https'
import type { Connections } from './connections.ts'

/** Accepts no more, lets requests in flight end for `graceMs`, then ends what is left. `begun` is called when none comes any more. */
export async function closeServer(
  server: Server,
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
