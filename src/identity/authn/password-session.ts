import { type Refusal, refuse } from '../../refusals.ts'
import type { Directory, DirectoryUser } from '../users/directory.ts'
import type { AuthenticationRequest, Authenticator, Outcome, Principal } from './authenticator.ts'
import type { Awaitable } from './awaitable.ts'
import type { PasswordSession, PasswordSessions } from './password-sessions.ts'

export const passwordSessionName = 'password-session'

export interface PasswordSessionSource {
  readonly sessions: Awaitable<PasswordSessions>
  readonly users: Pick<Directory['users'], 'find'>
  readonly tenants: Pick<Directory['tenants'], 'find'>
  /** lower-case names of the headers by which a client names a user: whoever does has no use for a session */
  readonly usernameHeaders: readonly string[]
}

/**
 * Lets a client in that signed in by password before. The user is looked up each time: a session does not outlive the account, its
 * password or its tenant. Whatever names a user or brings a credential goes before it.
 */
export function createPasswordSession({
  sessions,
  users,
  tenants,
  usernameHeaders,
}: PasswordSessionSource): Authenticator {
  async function authenticate(request: AuthenticationRequest): Promise<Outcome> {
    const { headers, judgement } = request
    if (headers.cookie === undefined || speaksForItself(request)) return { kind: 'abstain' }
    const session = await sessions.find(judgement?.certificate, headers.cookie)
    if (session === undefined) return { kind: 'abstain' }
    const user = await holder(session)
    if ('ok' in user) {
      await sessions.end(session)
      return { kind: 'abstain', hint: user }
    }
    return { kind: 'accept', principal: principalOf(user, request) }
  }

  async function holder({
    tenant,
    user: name,
    id,
    passwordChanged,
  }: PasswordSession): Promise<DirectoryUser | Refusal> {
    const user = await users.find(tenant, name)
    if (user?.id !== id || user.passwordChanged !== passwordChanged || user.state !== 'active') return ended
    return (await tenants.find(tenant))?.state === 'active' ? user : ended
  }

  function speaksForItself({ headers, assertedUser }: AuthenticationRequest): boolean {
    if (headers.authorization !== undefined || assertedUser !== undefined) return true
    return usernameHeaders.some(name => headers[name] !== undefined)
  }

  return {
    name: passwordSessionName,
    challenge: undefined,
    counts: 'where-asked',
    claims: () => false,
    authenticate,
    async again(principal, request) {
      for (const session of await sessions.of(principal, request.judgement?.certificate?.thumbprint)) {
        const user = await holder(session)
        if (!('ok' in user)) return { kind: 'accept', principal: principalOf(user, request) }
        await sessions.end(session)
      }
      return { kind: 'abstain', hint: ended }
    },
  }
}

function principalOf(
  { name, tenant, roles }: DirectoryUser,
  { judgement }: Pick<AuthenticationRequest, 'judgement'>,
): Principal {
  // Upstreams are told of the principal's certificate: never of one that is not trusted.
  const certificate = (judgement?.verdict.ok && judgement.certificate) || null
  return { user: name, tenant, roles, authenticatedBy: passwordSessionName, binding: null, certificate }
}

const ended = refuse('credentials_required', 'The session has ended: sign in again.')
