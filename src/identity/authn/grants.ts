import type { AuthenticationRequest, Authenticator, Principal } from './authenticator.ts'

/** A principal that a connection brought, and what it takes to ask for it again. */
export interface Grant {
  readonly principal: Principal
  /** the headers that the authenticator reads, as they were; undefined when its proof was in the request and is gone with it */
  readonly headers: AuthenticationRequest['headers'] | undefined
  readonly assertedUser: string | undefined
}

export interface Grants {
  /** Notes who came. true: for the first time on this connection. */
  note(peer: object, principal: Principal, authenticator: Authenticator, request: Asked): boolean
  /** undefined: more came than are kept, and so nothing is known */
  of(peer: object): readonly Grant[] | undefined
}

/** The part of a request that can be asked with again. */
type Asked = Pick<AuthenticationRequest, 'headers' | 'assertedUser'>

const maxPerPeer = 32

/** Who came over which open connection: what has to be asked again when trust moves on. Dies with the connection. */
export function createGrants(): Grants {
  const grants = new WeakMap<object, Grant[]>()
  return {
    note(peer, principal, authenticator, request) {
      const known = grants.get(peer)
      if (known === undefined) {
        grants.set(peer, [grantOf(principal, authenticator, request)])
        return true
      }
      for (let i = 0; i < known.length; i++) {
        const before = known[i]!.principal
        if (before === principal) return false
        if (samePerson(before, principal)) {
          known[i] = grantOf(principal, authenticator, request)
          return false
        }
      }
      if (known.length <= maxPerPeer) known.push(grantOf(principal, authenticator, request))
      return true
    },
    of(peer) {
      const known = grants.get(peer) ?? []
      return known.length > maxPerPeer ? undefined : known
    },
  }
}

export function samePerson(one: Principal, other: Principal): boolean {
  return one.user === other.user && one.tenant === other.tenant && one.authenticatedBy === other.authenticatedBy
}

function grantOf(principal: Principal, { reads }: Authenticator, { headers, assertedUser }: Asked): Grant {
  const read = reads && Object.fromEntries(reads.map(name => [name, headers[name]]))
  return { principal, headers: read, assertedUser }
}
