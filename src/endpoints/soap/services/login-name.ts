import { splitTenant } from '../../../identity/authn/asserted-tenant.ts'
import type { Call } from '../call.ts'
import { givenName } from './names.ts'

export interface LoginName {
  readonly tenant: string
  readonly name: string
}

/**
 * Whom a name for signing in means, by the rules of Basic authentication. In the address of a tenant it is that tenant's user; a name that
 * tells another one is nobody's there, and undefined.
 */
export function loginName({ passwords, tenant, addressed }: Call, sent: string): LoginName | undefined {
  if (passwords === undefined) return undefined
  const named = splitTenant(sent, passwords.tenants)
  if (named.kind === 'malformed') return undefined
  const user = { tenant: named.tenant ?? passwords.tenant, name: givenName(named.user) }
  if (addressed === 'any' || user.tenant === tenant) return user
  return named.user === sent ? { ...user, tenant } : undefined
}
