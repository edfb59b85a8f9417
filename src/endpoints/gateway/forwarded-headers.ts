import { isIPv6 } from 'node:net'

/** Where a request came from, as RFC 7239 and the older X-Forwarded headers say it. Made anew: nothing that came from outside is added to. */
export function forwardedHeaders(remoteAddress: string, host: string | undefined): string[] {
  const address = plainAddress(remoteAddress)
  const headers = ['x-forwarded-for', address, 'x-forwarded-proto', 'https']
  const node = isIPv6(address) ? `"[${address}]"` : address
  if (host === undefined || !plainHost.test(host)) {
    headers.push('forwarded', `for=${node};proto=https`)
    return headers
  }
  const port = /:(\d+)$/.exec(host)?.[1] ?? '443'
  headers.push('x-forwarded-host', host, 'x-forwarded-port', port)
  headers.push('forwarded', `for=${node};host="${host}";proto=https`)
  return headers
}

/** An IPv4 address that an IPv6 socket mapped, as IPv4; without the zone, which means something on this machine only. */
function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped ? mapped[1]! : address.replace(/%.*$/, '')
}

/** RFC 3986 section 3.2.2 host with a port, less what names and addresses never hold: safe inside a quoted string. */
const plainHost = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
