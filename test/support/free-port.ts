import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A port of loopback that nobody has now. Who needs one for a program that cannot choose for itself, takes it at once. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until somebody takes connections on this port of loopback; `alive` throws when there is nobody to wait for any more. */
export async function answering(port: number, alive: () => void = () => {}): Promise<void> {
  for (let tries = 0; ; tries++) {
    alive()
    const socket = connect(port, '127.0.0.1')
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (open) return
    if (tries === 400) throw new Error(`nobody answers on port ${port}`)
    await sleep(25)
  }
}
