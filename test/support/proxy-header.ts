// Headers of the PROXY protocol, as a balancer writes them.
export const proxySignature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

export function proxyLine(
  source: string,
  { family = source.includes(':') ? 'TCP6' : 'TCP4', port = 51_442 } = {},
): Buffer {
  const destination = family === 'TCP6' ? '2001:db8::1' : '192.0.2.1'
  return Buffer.from(`PROXY ${family} ${source} ${destination} ${port} 443\r\n`)
}

export interface Version2 {
  /** 0x21 is PROXY, 0x20 LOCAL */
  readonly command?: number
  /** 0x11 is TCP over IPv4 */
  readonly family?: number
  /** addresses and ports; left out: 203.0.113.9:51442 to 192.0.2.1:443 */
  readonly addresses?: Uint8Array
  /** what stands behind them */
  readonly fields?: Uint8Array
  /** in place of the true one */
  readonly length?: number
}

export function proxyBlock({
  command = 0x21,
  family = 0x11,
  addresses = ipv4,
  fields = nothing,
  length,
}: Version2 = {}): Buffer {
  const head = Buffer.from([command, family, 0, 0])
  head.writeUInt16BE(length ?? addresses.length + fields.length, 2)
  return Buffer.concat([proxySignature, head, addresses, fields])
}

/** One field: type, length, value. */
export function proxyField(type: number, value: Uint8Array): Buffer {
  const head = Buffer.from([type, 0, 0])
  head.writeUInt16BE(value.length, 1)
  return Buffer.concat([head, value])
}

const ipv4 = Buffer.from([203, 0, 113, 9, 192, 0, 2, 1, 0xc8, 0xf2, 0x01, 0xbb])
const nothing = Buffer.alloc(0)
