import type { LoadedConfiguration } from '../config/load.ts'
import type { ListenerMaterial, Material } from '../config/material.ts'
import { renderProblem } from '../endpoints/problems/problem-page.ts'
import { createStapler } from '../identity/revocation/stapler.ts'
import { createTrust } from '../identity/trust/create-trust.ts'
import { createForwarding } from '../server/proxies/forwarding.ts'
import type { Listener, ListenerSource } from '../server/tls/listener.ts'
import { hasKeys } from '../server/tls/server-identity.ts'
import { createUsedNonces } from '../storage/used-nonces.ts'
import type { DoorsSource } from './open-doors.ts'
import { ticketPolicy } from './open-tickets.ts'

/** What a listener stands on besides its keys and what answers behind it: trust, proxies, tickets, staples. */
export interface Doorways {
  add(each: ListenerMaterial): Doorway
  /** Puts new trust, proxies and keys in the place of the old, from the next handshake and request on. */
  replace(loaded: LoadedConfiguration, material: Material): void
}

export interface Doorway {
  readonly terms: Omit<ListenerSource, 'identities' | 'serve' | 'http1' | 'readTarget'>
  /** Names the listener that is to have new keys and another `clientAuth` with a reload. */
  lead(listener: Led): void
  /** forgotten by the next reload */
  drop(): void
}

/** Left out: the keys are somebody else's. */
type Led = Pick<Listener, 'replaceClientAuth'> & Partial<Pick<Listener, 'replaceIdentities'>>

export function createDoorways(
  loaded: LoadedConfiguration,
  material: Material,
  stack: AsyncDisposableStack,
  { chain, epoch, events, clock, log, revocation, tickets, storage, shared }: DoorsSource,
): Doorways {
  let { value } = loaded
  let { proxies } = material
  const open = new Set<{ take(next: Material): void }>()
  // Where others serve beside this process, what was signed once must count at one of them only.
  const alone = shared === undefined && storage.kind === 'sqlite'
  const nonces = alone ? undefined : createUsedNonces(storage)
  const stapler = stack.use(createStapler({ clock, events }))
  const watchStaples = ({ listeners }: Material) => {
    const stapled = listeners.filter(({ options }) => options.stapling !== 'never')
    stapler.watch(stapled.flatMap(({ identities }) => identities.map(identity => identity.chain)))
  }
  watchStaples(material)

  function add(each: ListenerMaterial): Doorway {
    const { name, stapling, limits } = each.options
    let { options } = each
    let led: Led | undefined
    const trust = createTrust({ material: each.trust, epoch, clock, log, revocation })
    const forwarding = createForwarding({ proxies, trust, clock, rest: limits.keepAliveTimeout, nonces })
    const way = {
      take({ listeners }: Material) {
        forwarding.replace(proxies)
        const found = listeners.find(other => other.options.name === name)
        // A listener that the configuration no longer has goes with the next restart.
        if (found === undefined) return
        options = found.options
        const { identities, trust: nextTrust } = found
        if (hasKeys(identities)) led?.replaceIdentities?.(identities, authoritiesOf(found))
        led?.replaceClientAuth(options.clientAuth)
        trust.replace(nextTrust)
      },
    }
    open.add(way)
    return {
      terms: {
        options,
        trust,
        forwarding,
        authorities: authoritiesOf(each),
        tickets: {
          key: identities => tickets.key(ticketPolicy(value, options, trust.material, identities)),
          onChange: tickets.onChange,
        },
        lossOf: peer => chain.lossOf(peer),
        staples: stapling === 'never' ? undefined : stapler,
        problemPage: renderProblem,
        events,
        clock,
        log,
      },
      lead(listener) {
        led = listener
      },
      drop: () => void open.delete(way),
    }
  }

  return {
    add,
    replace(changed, next) {
      value = changed.value
      watchStaples(next)
      const sameProxies = next.proxies.terms === proxies.terms
      next.proxies.adopt(proxies)
      proxies = next.proxies
      for (const way of open) way.take(next)
      // What a proxy is no longer believed of ends, requests under way included.
      if (!sameProxies) epoch.raise('policy')
    },
  }
}

function authoritiesOf({ trust }: ListenerMaterial): NonNullable<ListenerSource['authorities']> {
  return trust.anchors.map(anchor => anchor.certificate)
}
