import { CodedError } from '../../errors.ts'
import { type Refusal, type RefusalCode, refuse } from '../../refusals.ts'
import type { Epoch } from '../trust/epoch.ts'
import type { Judgement } from '../trust/trust.ts'
import type { UserStore } from '../users/user.ts'
import type { AuthenticationRequest, Authenticator, Outcome, Principal } from './authenticator.ts'
import { createGrants, type Grant, samePerson } from './grants.ts'
import { createOutcomeMemory } from './outcome-memory.ts'
import { createScopes, type RankedAuthenticator, type Scope } from './scope.ts'

/** What the chain looks at of a request; an `Exchange` is one. */
export interface ChainRequest {
  readonly headers: AuthenticationRequest['headers']
  /** as `AuthenticationRequest` has it; undefined when nothing but the header of the authenticator may name a user */
  readonly assertedUser?: string | undefined
  /** the same object for every request of a connection */
  readonly peer: ChainPeer
}

export interface ChainPeer {
  readonly remoteAddress: string
  /** of the present epoch, always */
  judgement(): Judgement | undefined
}

export interface ChainOptions {
  /** names of the authenticators that count; all when left out */
  readonly require?: readonly string[] | undefined
  /** whether authenticators count that do so only where they are asked for: sessions. Beside `require`, those that it names. Default: no */
  readonly sessions?: 'count' | 'ignore'
}

export type Decision = Accepted | Refused

export interface Accepted {
  readonly ok: true
  readonly principal: Principal
  /** this connection had not brought this principal before */
  readonly first: boolean
}

export interface Refused {
  readonly ok: false
  readonly refusal: Refusal
  /** values for WWW-Authenticate, of the authenticators that count */
  readonly challenges: readonly string[]
}

/** The authenticators in their order. */
export interface Chain {
  /** names of the authenticators that count everywhere, in the order in which they are asked */
  readonly names: readonly string[]
  /**
   * Who is this? A known client costs a look-up, and the decision is there at once; else it is a promise.
   * Throws ERR_AUTHENTICATOR_UNKNOWN for a required name that is not in `names`.
   */
  authenticate(request: ChainRequest, options?: ChainOptions): Decision | Promise<Decision>
  /** Whether every principal that this connection brought would be let in again, with the roles it had (invariant 3). */
  stillHolds(peer: ChainPeer): Promise<boolean>
  /** The first of them that would not be, and why; undefined: all would. */
  lossOf(peer: ChainPeer): Promise<Loss | undefined>
  /** The authenticator that an Authorization header is for: such a header is ours, and no upstream's. */
  claimedBy(authorization: string): string | undefined
  /**
   * Orders the authenticators of a reloaded configuration, and changes nothing yet. None at all: whoever switched them off means it, and
   * nobody is let in. Throws ERR_AUTHENTICATORS for two of one name.
   */
  prepare(authenticators: readonly RankedAuthenticator[]): PreparedAuthenticators
}

/** Who would not be let in any more, and what they would be refused with. */
export interface Loss {
  /** null: more came over the connection than are kept */
  readonly user: string | null
  readonly tenant: string | null
  readonly code: RefusalCode
  readonly detail: string
}

export interface PreparedAuthenticators {
  readonly names: readonly string[]
  /** Asks these from now on; whatever was decided by those of before is void. */
  take(): void
}

export interface ChainSource {
  readonly authenticators: readonly RankedAuthenticator[]
  readonly epoch: Epoch
  readonly users: Pick<UserStore, 'find'>
}

/**
 * Asks one authenticator after the other: the first that accepts or refuses decides. When all abstain, the most telling of their
 * hints is the refusal.
 *
 * An Authorization header that a counting authenticator claims is for that one, and the certificate abstains. One that none of
 * them claims is not for us (a token for an upstream, say): it takes nothing from a client that its certificate identifies, and
 * who is not identified otherwise is told that the header was of no use. Throws ERR_AUTHENTICATORS where there is none, or two of one name.
 */
export function createChain({ authenticators, epoch, users }: ChainSource): Chain {
  if (authenticators.length === 0) {
    throw new CodedError('ERR_AUTHENTICATORS', 'no authenticator is enabled', {
      remedy: 'Enable at least one, for example authenticators.mutual-tls.enabled: true.',
    })
  }
  const ask = createOutcomeMemory(epoch)
  const grants = createGrants()
  let scopes = createScopes(authenticators)

  function authenticate(
    { headers, assertedUser, peer }: ChainRequest,
    options?: ChainOptions,
  ): Decision | Promise<Decision> {
    const scope = scopes.of(options?.require, options?.sessions ?? 'ignore')
    const { authorization } = headers
    if (authorization !== undefined && typeof authorization !== 'string') return refused(scope, twoCredentials)
    const claimedBy = authorization === undefined ? undefined : scope.claimedBy(authorization)
    const { remoteAddress } = peer
    const request = { headers, assertedUser, judgement: peer.judgement(), remoteAddress, claimedBy }
    const at = epoch.value
    const decision = askFrom(0, scope, request, peer, undefined)
    return decision instanceof Promise ? decision.then(made => confirm(made, at, peer, request, options)) : decision
  }

  /**
   * Trust may have moved on while somebody was waited for, and whoever went over the open connections then did not find this
   * principal among them yet. So it is asked for once more, by what is cheap to ask.
   */
  async function confirm(
    decision: Decision,
    at: number,
    peer: ChainPeer,
    { headers, assertedUser }: AuthenticationRequest,
    options: ChainOptions | undefined,
  ): Promise<Decision> {
    if (!decision.ok) return decision
    for (let seen = at; seen !== epoch.value; ) {
      seen = epoch.value
      const grant = grants.of(peer)?.find(({ principal }) => samePerson(principal, decision.principal))
      if (grant === undefined || (await grantRefusal(grant, peer)) !== undefined)
        return authenticate({ headers, assertedUser, peer }, options)
    }
    return decision
  }

  function askFrom(
    start: number,
    scope: Scope,
    request: AuthenticationRequest,
    peer: ChainPeer,
    hint: Refusal | undefined,
  ): Decision | Promise<Decision> {
    if (scope.authenticators.length === 0) return refused(scope, nobodyCounts)
    let best = hint
    for (let i = start; i < scope.authenticators.length; i++) {
      const authenticator = scope.authenticators[i]!
      const outcome = ask(authenticator, request)
      if (outcome instanceof Promise) {
        return outcome.then(
          made =>
            settle(made, authenticator, scope, request, peer) ??
            askFrom(i + 1, scope, request, peer, moreTelling(best, made)),
        )
      }
      const decision = settle(outcome, authenticator, scope, request, peer)
      if (decision !== undefined) return decision
      best = moreTelling(best, outcome)
    }
    return refused(scope, nobodyAccepts(best, request))
  }

  function settle(
    outcome: Outcome,
    authenticator: Authenticator,
    scope: Scope,
    request: AuthenticationRequest,
    peer: ChainPeer,
  ): Decision | undefined {
    if (outcome.kind === 'abstain') return undefined
    if (outcome.kind === 'refuse') return refused(scope, outcome.refusal)
    const { principal } = outcome
    // Routes require authenticators by name, so none may speak in the name of another.
    if (principal.authenticatedBy !== authenticator.name) throw new Error(`${authenticator.name} spoke for another`)
    return { ok: true, principal, first: grants.note(peer, principal, authenticator, request) }
  }

  async function lossOf(peer: ChainPeer): Promise<Loss | undefined> {
    const known = grants.of(peer)
    if (known === undefined) return { user: null, tenant: null, ...tooMany }
    for (const grant of [...known]) {
      const refusal = await grantRefusal(grant, peer)
      if (refusal === undefined) continue
      const { user, tenant } = grant.principal
      return { user, tenant, code: refusal.code, detail: refusal.detail }
    }
    return undefined
  }

  /** undefined: it would be given again */
  async function grantRefusal(
    { principal, headers, assertedUser }: Grant,
    peer: ChainPeer,
  ): Promise<Refusal | undefined> {
    const { tenant, user, roles, authenticatedBy } = principal
    const authenticator = scopes.everyone.authenticators.find(({ name }) => name === authenticatedBy)
    if (authenticator === undefined) return refuse('credentials_required', `${authenticatedBy} is switched off.`)
    const { remoteAddress } = peer
    const request = { headers: headers ?? {}, assertedUser, judgement: peer.judgement(), remoteAddress }
    if (headers === undefined && authenticator.again === undefined) {
      const found = await users.find(tenant, user)
      if (found === undefined) return refuse('credentials_invalid', 'The user was removed.')
      if (found.tenantState !== 'active') return refuse('tenant_inactive', 'The tenant of the account is not active.')
      if (found.state !== 'active') return refuse('account_locked', 'The account is locked.')
      return keepsRoles(roles, found.roles) ? undefined : lostRole
    }
    const outcome = await (authenticator.again?.(principal, request) ?? ask(authenticator, request))
    if (outcome.kind === 'refuse') return outcome.refusal
    if (outcome.kind === 'abstain') return nobodyAccepts(outcome.hint, request)
    if (!samePerson(outcome.principal, principal)) return anotherPerson
    return keepsRoles(roles, outcome.principal.roles) ? undefined : lostRole
  }

  return {
    get names() {
      return namesOf(scopes.usual)
    },
    authenticate,
    stillHolds: async peer => (await lossOf(peer)) === undefined,
    lossOf,
    claimedBy: authorization => scopes.usual.claimedBy(authorization),
    prepare(ranked) {
      const next = createScopes(ranked)
      return {
        names: namesOf(next.usual),
        take() {
          scopes = next
          epoch.raise('policy')
        },
      }
    },
  }
}

function namesOf({ authenticators }: Scope): readonly string[] {
  return authenticators.map(({ name }) => name)
}

function refused({ challenges }: Scope, refusal: Refusal): Refused {
  return { ok: false, refusal, challenges }
}

const nobodyCounts = refuse('credentials_required', 'Every way to prove who one is has been switched off.')
const lostRole = refuse('forbidden', 'The user has lost a role.')
const anotherPerson = refuse('certificate_not_bound', 'The certificate stands for another user now.')
const tooMany = {
  code: 'credentials_required',
  detail: 'More users came over the connection than are kept in mind: none of them is vouched for.',
} as const
const twoCredentials = refuse('credentials_invalid', 'The header Authorization came more than once.')

/** That a certificate is missing says more than that some credential is; else the first hint counts. */
function moreTelling(best: Refusal | undefined, outcome: Outcome): Refusal | undefined {
  const hint = outcome.kind === 'abstain' ? outcome.hint : undefined
  if (best === undefined) return hint
  return hint?.code === 'certificate_required' && best.code !== 'certificate_required' ? hint : best
}

function nobodyAccepts(hint: Refusal | undefined, { headers, claimedBy }: AuthenticationRequest): Refusal {
  const best = hint ?? refuse('credentials_required', 'Nothing in the request says who sent it.')
  if (headers.authorization === undefined || claimedBy !== undefined) return best
  return refuse(best.code, `${best.detail} The header Authorization is of a kind that does not count here.`)
}

function keepsRoles(before: readonly string[], now: readonly string[]): boolean {
  return before.every(role => now.includes(role))
}
