import { type Refusal, refuse } from '../../refusals.ts'
import type { LoginResult, PasswordLogin } from '../users/password-login.ts'
import { splitTenant, type TenantNames } from './asserted-tenant.ts'
import type { AuthenticationRequest, Authenticator, Outcome } from './authenticator.ts'
import { isBasic, readBasicCredentials } from './basic-credentials.ts'

export interface BasicSource {
  readonly login: PasswordLogin
  readonly realm: string
  readonly tenant: string
  /** how names tell the tenant, instead of `tenant`; default none */
  readonly tenants?: TenantNames
  /** told of each attempt that was held back; the user's name is nobody's business then */
  readonly onThrottled?: (event: { readonly remoteAddress: string; readonly retryAfterSeconds: number }) => void
}

export const basicName = 'basic'

/** Lets a client in by user name and password (RFC 7617). */
export function createBasic({ login, realm, tenant: only, tenants = 'none', onThrottled }: BasicSource): Authenticator {
  async function authenticate({ headers, judgement, remoteAddress }: AuthenticationRequest): Promise<Outcome> {
    const { authorization } = headers
    if (typeof authorization !== 'string' || !isBasic(authorization)) return { kind: 'abstain' }
    const credentials = readBasicCredentials(authorization)
    if (credentials === undefined) return { kind: 'refuse', refusal: malformed }
    const named = splitTenant(credentials.name, tenants)
    // Nobody is called so, and whoever asks learns no more than of any other name that nobody has.
    const { user: name, tenant = only } = named.kind === 'user' ? named : { user: credentials.name }
    const result = await login({ tenant, name, password: credentials.password, remoteAddress })
    if (result.kind !== 'accepted') {
      if (result.kind === 'throttled') onThrottled?.({ remoteAddress, retryAfterSeconds: result.retryAfterSeconds })
      return { kind: 'refuse', refusal: refusalOf(result) }
    }
    const { name: user, roles } = result.user
    // Upstreams are told of the principal's certificate: never of one that is not trusted.
    const certificate = (judgement?.verdict.ok && judgement.certificate) || null
    return {
      kind: 'accept',
      principal: { user, tenant, roles, authenticatedBy: basicName, binding: null, certificate },
    }
  }

  return { name: basicName, challenge: `Basic realm="${realm}", charset="UTF-8"`, claims: isBasic, authenticate }
}

const malformed = refuse('credentials_invalid', 'The header Authorization is no well-formed Basic credential in UTF-8.')
const wrong = refuse('credentials_invalid', 'The user name or the password is wrong.')
const locked = {
  account: refuse('account_locked', 'The password is right, but the account is locked.'),
  tenant: refuse('tenant_inactive', 'The password is right, but the tenant of the account is not active.'),
}

function refusalOf(result: Exclude<LoginResult, { kind: 'accepted' }>): Refusal {
  switch (result.kind) {
    case 'wrong':
      return wrong
    case 'locked':
      return locked[result.what]
    case 'throttled':
      return {
        ...refuse('attempts_throttled', `Try again in ${result.retryAfterSeconds} s.`),
        retryAfterSeconds: result.retryAfterSeconds,
      }
  }
}
