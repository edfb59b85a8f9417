import { readProxyHeader } from '../../src/server/tls/proxy-protocol/proxy-header.ts'
import { longestHeader } from '../../src/server/tls/proxy-protocol/version-2.ts'
import { proxyBlock, proxyField, proxyLine } from '../../test/support/proxy-header.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { guarded } from '../outcome.ts'
import type { Target } from '../target.ts'

export const proxyProtocolTargets: readonly Target[] = [
  {
    name: 'proxy-protocol',
    seeds: [
      proxyLine('203.0.113.9'),
      proxyLine('2001:db8::9'),
      Buffer.from('PROXY UNKNOWN\r\n'),
      proxyBlock(),
      proxyBlock({ command: 0x20, family: 0, addresses: Buffer.alloc(0) }),
      proxyBlock({ family: 0x21, addresses: Buffer.alloc(36, 1) }),
      proxyBlock({ family: 0x31, addresses: Buffer.alloc(216, 1) }),
      proxyBlock({ fields: Buffer.concat([proxyField(0x20, Buffer.alloc(20)), proxyField(3, Buffer.alloc(4))]) }),
    ],
    limitMs: 2_000,
    weight: 300,
    mutate: mutateBytes,
    run(input) {
      const read = readProxyHeader(guarded(input))
      if (read.kind === 'refused') return read.reason
      if (read.kind === 'incomplete') {
        if (input.length >= longestHeader) throw new Error('waits for more than there can be')
        return 'incomplete'
      }
      if (read.length > input.length) throw new Error('reads past the end')
      return `complete, ${typeof read.source === 'string' ? read.source : 'with an address'}`
    },
  },
]
