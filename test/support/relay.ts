import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP relay between two programs, that can stop passing anything on, as a network that is cut does: nobody is told. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Swallows everything in both directions, and new connections too. */
  stop(): void
  /** Connections of before are of no use any more; new ones pass. */
  go(): void
}

export async function openRelay(target: { readonly port: number; readonly host?: string }): Promise<Relay> {
  const sockets = new Set<Socket>()
  let stopped = false
  const server = createServer(incoming => {
    sockets.add(incoming)
    incoming.on('error', () => {})
    incoming.on('close', () => sockets.delete(incoming))
    if (stopped) return
    const outgoing = connect({ host: '127.0.0.1', ...target })
    sockets.add(outgoing)
    outgoing.on('error', () => incoming.destroy())
    outgoing.on('close', () => sockets.delete(outgoing))
    const pass = (from: Socket, to: Socket) => {
      from.on('data', chunk => {
        if (!stopped) to.write(chunk)
      })
      from.on('close', () => {
        if (!stopped) to.destroy()
      })
    }
    pass(incoming, outgoing)
    pass(outgoing, incoming)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      stopped = true
    },
    go() {
      stopped = false
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
