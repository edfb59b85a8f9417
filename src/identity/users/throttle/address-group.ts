import { isIPv4, isIPv6 } from 'node:net'

/**
 * The addresses that count as one: an IPv4 address, or the /64 network of an IPv6 address, since whoever has one address of a /64 has
 * them all. Text that is no address is a group of its own.
 */
export function addressGroup(remoteAddress: string): string {
  const address = remoteAddress.replace(/%.*$/s, '').toLowerCase()
  if (!isIPv6(address)) return address
  const groups = expand(address)
  const mapped = groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff
  if (mapped) return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.')
  return `${groups
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')}::/64`
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const left = groupsOf(head)
  if (tail === undefined) return left
  const right = groupsOf(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!isIPv4(group)) return Number.parseInt(group, 16)
    const [a, b, c, d] = group.split('.').map(Number) as [number, number, number, number]
    return [(a << 8) | b, (c << 8) | d]
  })
}
