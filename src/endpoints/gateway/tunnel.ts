import type { Socket } from 'node:net'
import type { Upgrade } from '../../server/http/exchange.ts'
import type { Ongoing } from './kept.ts'
import type { Switched } from './relay.ts'

/** Answers 101 and lets octets through in both directions, until one side ends, breaks, or both are silent for `idle` milliseconds. */
export function openTunnel(
  upgrade: Upgrade,
  switched: Switched,
  { idle, ongoing }: { readonly idle: number; readonly ongoing: Ongoing },
): void {
  const { socket, head } = upgrade.accept()
  const client = socket as Socket
  const upstream = switched.socket as Socket
  client.write(switchingProtocols(switched.headers), 'latin1')
  if (head.length > 0) upstream.write(head)
  couple(client, upstream)
  couple(upstream, client)
  const seat = ongoing.add(upstream)
  upstream.on('close', () => ongoing.delete(seat))
  // Both directions pass through this socket, so its silence is the silence of both.
  upstream.setTimeout(idle, () => upstream.destroy())
}

/** Passes on what `from` sends. When it has ended, `to` has a moment to say its last; when it is closed, nobody would hear it. */
function couple(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
  from.on('end', () => setTimeout(() => from.destroy(), lingerMs).unref())
  from.on('close', () => to.destroySoon())
}

const lingerMs = 1_000

function switchingProtocols(headers: Switched['headers']): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']
  for (const name of Object.keys(headers)) {
    // The answer has no body, whatever the upstream says.
    if (name === 'content-length') continue
    const value = headers[name]!
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
