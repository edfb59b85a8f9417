import { crossOriginRefusal, type OriginPolicy } from '../endpoints/cross-origin.ts'
import { createGuard, type GuardSource, type Resource } from '../endpoints/guard.ts'
import { CodedError } from '../errors.ts'
import type { Access } from '../identity/access/access.ts'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { Chain } from '../identity/authn/chain.ts'
import type { Exchange } from '../server/http/exchange.ts'
import type { ProblemCode, ProblemSource } from '../server/http/problem.ts'
import type { AccessOptions } from './access-options.ts'
import { type RefuseWith, tellRefusal, tellUpgraded } from './refusal.ts'
import type { ProtectOptions } from './server-options.ts'
import { stripIdentity } from './strip-identity.ts'

/** Who a request is from, without a word to the client. */
export type Identified =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly code: ProblemCode; readonly detail: string }

/** The other end of a request, as the log and the audit record have it. */
export interface Client {
  /** behind a balancer or proxy that proved itself: what that said */
  readonly address: string
  readonly port: number
  /** TLSv1.3 or TLSv1.2 */
  readonly protocol: string
  /** name of the proxy that handed the request on; undefined: none did */
  readonly proxy: string | undefined
}

/** Where requests are decided on: at the door, and wherever the application asks again. */
export interface Desk {
  /** What serves the requests of one server. Throws what `access` throws, and for keys that it does not know. */
  open(
    options: Omit<ProtectOptions, 'listener'>,
    access: (options: AccessOptions) => Access,
  ): (exchange: Exchange, pass: (exchange: Exchange) => void) => void | Promise<void>
  /** Whether the request may go on. undefined: it was refused, and has been answered. Throws ERR_REQUEST_UNKNOWN. */
  check(request: object, access: Access): Promise<Principal | undefined>
  /** Throws ERR_REQUEST_UNKNOWN. */
  identify(request: object): Promise<Identified>
  /** Throws ERR_REQUEST_UNKNOWN. */
  client(request: object): Client
  /** Names of headers that are for us, and that handlers do not get to see. */
  hide(headers: readonly string[]): void
}

export interface DeskSource {
  readonly chain: Pick<Chain, 'authenticate' | 'claimedBy'>
  readonly events: GuardSource['events']
  readonly refuseWith: RefuseWith | undefined
}

interface Seen {
  readonly exchange: Exchange
  readonly origins: OriginPolicy
  /** who it is from has been told already */
  told: boolean
  /** its handlers have it */
  passed: boolean
}

const anyUser: Access = { require: undefined, check: () => undefined }

export function createDesk({ chain, events, refuseWith }: DeskSource): Desk {
  const requests = new WeakMap<object, Seen>()
  const silent = { accessGranted() {}, accessRefused() {} }
  // A request that is asked about twice is let in once.
  const first = createGuard({ chain, events })
  const again = createGuard({ chain, events: { ...silent, accessRefused: events.accessRefused } })
  const asking = createGuard({ chain, events: { ...silent, accessGranted: events.accessGranted } })
  const askingAgain = createGuard({ chain, events: silent })
  let hidden: ReadonlySet<string> = new Set()

  function seenOf(request: object): Seen {
    const seen = requests.get(request)
    if (seen !== undefined) return seen
    throw new CodedError('ERR_REQUEST_UNKNOWN', 'the request did not come through a server of this library', {
      remedy: 'Make the server with auth.createServer(), or hand it to auth.protect() before it listens.',
    })
  }

  function resourceOf(seen: Seen, access: Access, rest: Pick<Resource, 'answer' | 'tell'>): Resource {
    return { access, examine: exchange => foreign(exchange, seen.origins), ...rest }
  }

  function admit({ exchange: { request } }: Seen, principal: Principal): void {
    Object.assign(request, { principal })
  }

  function tell(seen: Seen, source: ProblemSource, options: Parameters<NonNullable<Resource['tell']>>[2]): void {
    if (seen.passed && seen.exchange.upgrade !== undefined) tellUpgraded(seen.exchange, source)
    else tellRefusal(seen.exchange, source, options, refuseWith)
  }

  function handOver(seen: Seen, pass: (exchange: Exchange) => void): void {
    const { exchange } = seen
    const { authorization } = exchange.headers
    const claimed = typeof authorization === 'string' && chain.claimedBy(authorization) !== undefined
    stripIdentity(exchange, claimed ? new Set([...hidden, 'authorization']) : hidden)
    seen.passed = true
    pass(exchange)
  }

  return {
    open({ caller = 'identified', crossOrigin = 'refuse', origins = [], ...rest }, accessOf) {
      const access = accessOf(rest)
      const policy = { crossOrigin, origins: origins.map(origin => new URL(origin).origin) }
      if (caller === 'anyone' && Object.keys(rest).length > 0) throw contradiction()
      return (exchange, pass) => {
        const seen: Seen = { exchange, origins: policy, told: false, passed: false }
        requests.set(exchange.request, seen)
        if (caller === 'anyone') return handOver(seen, pass)
        const resource = resourceOf(seen, access, {
          tell: (_, source, options) => tell(seen, source, options),
          answer(_, principal) {
            seen.told = true
            admit(seen, principal)
            handOver(seen, pass)
          },
        })
        return first(resource)(exchange)
      }
    },

    async check(request, access) {
      const seen = seenOf(request)
      let principal: Principal | undefined
      const resource = resourceOf(seen, access, {
        tell: (_, source, options) => tell(seen, source, options),
        answer(_, found) {
          seen.told = true
          principal = found
          admit(seen, found)
        },
      })
      await (seen.told ? again : first)(resource)(seen.exchange)
      return principal
    },

    async identify(request) {
      const seen = seenOf(request)
      let identified: Identified | undefined
      const resource = resourceOf(seen, anyUser, {
        tell(_, { code, detail }) {
          identified = { ok: false, code, detail }
        },
        answer(_, principal) {
          seen.told = true
          identified = { ok: true, principal }
          admit(seen, principal)
        },
      })
      await (seen.told ? askingAgain : asking)(resource)(seen.exchange)
      return identified!
    },

    client(request) {
      const { peer, proxy } = seenOf(request).exchange
      const { remoteAddress: address, remotePort: port, protocol } = peer
      return { address, port, protocol, proxy: proxy?.name }
    },

    hide(headers) {
      hidden = new Set(headers.map(name => name.toLowerCase()))
    },
  }
}

function foreign({ method, headers, upgrade }: Exchange, origins: OriginPolicy): ProblemSource | undefined {
  const detail = crossOriginRefusal({ method, headers, websocket: upgrade !== undefined }, origins)
  return detail === undefined ? undefined : { ok: false, code: 'forbidden', detail }
}

function contradiction(): CodedError {
  return new CodedError('ERR_SERVER_UNFIT', 'caller: anyone stands beside a restriction', {
    remedy: 'Leave one of them out: with `anyone` it is the handlers that ask.',
  })
}
