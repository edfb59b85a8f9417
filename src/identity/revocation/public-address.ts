import { BlockList, isIP } from 'node:net'

/** Special-purpose address blocks (RFC 6890 and its registries): nothing that a stranger names may lead there. */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
}

/** What IPv6 has given out to the public; every other block of it is special. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
// of these: protocol assignments with Teredo, documentation, and 6to4, which hides an IPv4 address
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, prefix, 'ipv6')
}

/** Whether the address is one of the public Internet. `false` for what is no address. */
export function isPublicAddress(address: string): boolean {
  const bare = address.split('%')[0]!
  switch (isIP(bare)) {
    case 4:
      return !special.check(bare, 'ipv4')
    case 6:
      return global.check(bare, 'ipv6') && !special.check(bare, 'ipv6')
    default:
      return false
  }
}
