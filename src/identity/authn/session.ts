import type { AuthenticationRequest, Authenticator, Outcome } from './authenticator.ts'
import type { Awaitable } from './awaitable.ts'
import type { MutualTls } from './mutual-tls.ts'
import type { Sessions } from './sessions.ts'

export const sessionName = 'session'

export interface SessionSource {
  readonly sessions: Awaitable<Sessions>
  readonly mutualTls: MutualTls
}

/**
 * Lets a client in that came by its certificate before, as the user it named then. The certificate is asked again each time, with the
 * judgement of this connection: what it may not do any more, its session opens no longer. Whatever names a user or brings a credential goes
 * before the session.
 */
export function createSession({ sessions, mutualTls }: SessionSource): Authenticator {
  async function authenticate(request: AuthenticationRequest): Promise<Outcome> {
    const { headers, judgement } = request
    const certificate = judgement?.certificate
    if (judgement === undefined || certificate === undefined || speaksForItself(request)) return { kind: 'abstain' }
    const session = await sessions.find(certificate, headers.cookie)
    if (session === undefined) return { kind: 'abstain' }
    const outcome = bySession(await mutualTls.actAs(judgement, session))
    if (outcome.kind !== 'refuse') return outcome
    // Why is told by the certificate, which is asked next.
    await sessions.end(session)
    return { kind: 'abstain' }
  }

  function speaksForItself({ headers, assertedUser }: AuthenticationRequest): boolean {
    if (headers.authorization !== undefined || assertedUser !== undefined) return true
    return mutualTls.reads.some(name => headers[name] !== undefined)
  }

  return {
    name: sessionName,
    challenge: undefined,
    counts: 'where-asked',
    claims: () => false,
    authenticate,
    async again(principal, { judgement }) {
      return judgement === undefined ? { kind: 'abstain' } : bySession(await mutualTls.actAs(judgement, principal))
    },
  }
}

function bySession(outcome: Outcome): Outcome {
  if (outcome.kind !== 'accept') return outcome
  return { kind: 'accept', principal: { ...outcome.principal, authenticatedBy: sessionName } }
}
