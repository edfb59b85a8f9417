import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Upgrade } from '../../server/http/exchange.ts'
import type { Switched } from './relay.ts'

/** Answers 101 and lets octets through in both directions, until one side ends, breaks, or both are silent for `idle` milliseconds. */
export function openTunnel(upgrade: Upgrade, { headers, socket: upstream }: Switched, idle: number): void {
  const { socket: client, head } = upgrade.accept()
  client.write(switchingProtocols(headers), 'latin1')
  if (head.length > 0) upstream.write(head)
  couple(client, upstream)
  couple(upstream, client)
  // Both directions pass through this socket, so its silence is the silence of both.
  ;(upstream as Socket).setTimeout(idle, () => upstream.destroy())
}

/** Ends `to` when `from` has ended, and breaks it when `from` broke: nothing is left open that nobody is at the other end of. */
function couple(from: Duplex, to: Duplex): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
  from.on('close', () => {
    if (from.readableEnded) to.end()
    else to.destroy()
  })
  from.on('end', () => setTimeout(() => from.destroy(), lingerMs).unref())
}

/** How long a side that has ended may still be written to. */
const lingerMs = 5_000

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
