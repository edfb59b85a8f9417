import { SocketAddress } from 'node:net'
import { beginsLike } from './begins-like.ts'
import { crc32c } from './crc32c.ts'
import type { ProxyHeader, ProxySource } from './proxy-header.ts'

/** Octets of a whole header. Balancers send some hundred; one that adds the certificate of its client may send thousands. */
export const longestHeader = 16 + 4096

/** Section 2.2: sixteen octets, addresses, and further fields that say nothing that is believed here. undefined: it is none of this version. */
export function readVersion2(octets: Buffer): ProxyHeader | undefined {
  if (!beginsLike(octets, signature)) return undefined
  if (octets.length < fixedLength) return { kind: 'incomplete' }
  const command = commands.get(octets[12]!)
  if (command === undefined) return malformed('names another version, or neither LOCAL nor PROXY')
  const length = fixedLength + octets.readUInt16BE(14)
  if (length > longestHeader) return malformed(`is longer than ${longestHeader} octets`)
  if (octets.length < length) return { kind: 'incomplete' }
  // Whatever else it says is for nobody.
  if (command === 'local') return { kind: 'complete', length, source: 'balancer' }
  const family = families.get(octets[13]!)
  if (family === undefined) return malformed('is about something else than a stream over IPv4, IPv6 or a UNIX socket')
  const fields = fixedLength + family.length
  if (length < fields) return malformed('is too short for its addresses')
  const fault = checkFields(octets.subarray(0, length), fields)
  if (fault !== undefined) return malformed(fault)
  return { kind: 'complete', length, source: family.source(octets.subarray(fixedLength, fields)) }
}

/** Section 2.2.1 and following: type, length, value, up to the end; of them the checksum is looked at. */
function checkFields(header: Buffer, start: number): string | undefined {
  let checksum: number | undefined
  for (let at = start; at < header.length; ) {
    const value = at + 3
    if (value > header.length) return 'ends within a field'
    const length = header.readUInt16BE(at + 1)
    if (value + length > header.length) return 'ends within a field'
    if (header[at] === checksumType) {
      if (checksum !== undefined || length !== 4) return 'has no checksum that could be checked'
      checksum = value
    }
    at = value + length
  }
  if (checksum === undefined) return undefined
  const covered = Buffer.from(header).fill(0, checksum, checksum + 4)
  return crc32c(covered) === header.readUInt32BE(checksum) ? undefined : 'does not have the checksum that it says'
}

function malformed(reason: string): ProxyHeader {
  return { kind: 'refused', started: true, reason: `begins with a header of PROXY that ${reason}` }
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const fixedLength = 16
const checksumType = 0x03

const commands = new Map<number, 'local' | 'proxy'>([
  [0x20, 'local'],
  [0x21, 'proxy'],
])

interface Family {
  /** octets of both addresses and ports */
  readonly length: number
  source(block: Buffer): ProxySource
}

const nobody = () => 'unknown' as const

const families = new Map<number, Family>([
  [0x00, { length: 0, source: nobody }],
  [0x11, { length: 12, source: block => ({ address: block.subarray(0, 4).join('.'), port: block.readUInt16BE(8) }) }],
  [0x21, { length: 36, source: block => ({ address: ipv6(block.subarray(0, 16)), port: block.readUInt16BE(32) }) }],
  [0x31, { length: 216, source: nobody }],
])

function ipv6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16))
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
