import { BlockList, isIP } from 'node:net'

/** Whether an address is one of these, or lies in one of these networks. */
export type Networks = (address: string) => boolean

/** `texts` are addresses and CIDRs that `isNetwork` takes. */
export function createNetworks(texts: readonly string[]): Networks {
  const list = new BlockList()
  for (const text of texts) {
    const { address, family, prefix } = networkOf(text)!
    list.addSubnet(address, prefix, family)
  }
  // An IPv4 address that came over an IPv6 socket is looked up as the IPv4 address that it is.
  return address => isIP(address) !== 0 && list.check(address, familyOf(address))
}

/** An address, or a network in CIDR notation that is not everybody. */
export function isNetwork(text: string): boolean {
  return networkOf(text) !== undefined
}

function networkOf(text: string): { address: string; family: 'ipv4' | 'ipv6'; prefix: number } | undefined {
  const [, address = '', digits] = /^([0-9A-Fa-f:.]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? []
  if (isIP(address) === 0) return undefined
  const family = familyOf(address)
  const longest = family === 'ipv4' ? 32 : 128
  const prefix = Number(digits ?? longest)
  return prefix > longest ? undefined : { address, family, prefix }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')
