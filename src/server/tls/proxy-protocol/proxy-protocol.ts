import type { Socket } from 'node:net'
import { Roster } from '../../http/roster.ts'
import type { Remote } from '../connection.ts'
import { createNetworks } from './networks.ts'
import { readProxyHeader } from './proxy-header.ts'

export interface ProxyProtocolSource {
  /** addresses and CIDRs */
  readonly from: readonly string[]
  /** milliseconds that a header may take */
  readonly timeout: number
  /** a connection that is cut; `cut` is undefined when the other side ended it before it said a thing */
  onEnded(balancer: Remote, cut: Cut | undefined): void
}

export interface Cut {
  readonly code: 'proxy_header_missing' | 'proxy_header_malformed'
  readonly detail: string
}

/** The PROXY protocol of a listener: whose word about the address of a client counts, and what it is. */
export interface ProxyProtocol {
  /** Whether connections from there have to begin with a header. From anywhere else none is read. */
  expects(address: string): boolean
  /** Takes the header off the connection. Afterwards what the client sent stands at its beginning. Not called when it had to be cut. */
  receive(raw: Socket, balancer: Remote, done: (client: Remote) => void): void
  /** Ends connections whose header takes longer than it may. */
  dropStalled(): void
  /** Ends every connection whose header is not here yet. */
  dropAll(): void
}

export function createProxyProtocol({ from, timeout, onEnded }: ProxyProtocolSource): ProxyProtocol {
  const pending = new Roster<{ readonly raw: Socket; readonly start: number }>()

  function receive(raw: Socket, balancer: Remote, done: (client: Remote) => void): void {
    let octets: Buffer = Buffer.alloc(0)
    let cut: Cut | undefined
    let looking = false
    const onReadable = () => {
      const more: Buffer | null = raw.read()
      if (more === null) return
      octets = octets.length === 0 ? more : Buffer.concat([octets, more])
      const header = readProxyHeader(octets)
      if (header.kind === 'incomplete') return
      if (header.kind === 'refused') {
        const code = header.started ? 'proxy_header_malformed' : 'proxy_header_missing'
        cut = { code, detail: `The connection ${header.reason}.` }
        return void raw.destroy()
      }
      const { length, source } = header
      // It has seen that somebody is here, and may leave without a word.
      looking = source === 'balancer' && octets.length === length
      if (looking) return
      pending.delete(seat)
      raw.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onClose)
      // A TLSSocket takes over first what its socket has read already.
      if (octets.length > length) raw.unshift(octets.subarray(length))
      done(typeof source === 'string' ? balancer : source)
    }
    const onEnd = () => void raw.destroy()
    const onError = () => {}
    const onClose = () => {
      pending.delete(seat)
      if (!looking) onEnded(balancer, cut ?? (octets.length === 0 ? undefined : unfinished))
    }
    const seat = pending.add({ raw, start: performance.now() })
    raw.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose)
  }

  return {
    expects: createNetworks(from),
    receive,
    dropStalled() {
      const oldest = performance.now() - timeout
      for (const { raw, start } of pending) if (start <= oldest) raw.destroy()
    },
    dropAll() {
      for (const { raw } of pending) raw.destroy()
    },
  }
}

const unfinished: Cut = {
  code: 'proxy_header_malformed',
  detail: 'The connection ended, or stood still, within its header of the PROXY protocol.',
}
