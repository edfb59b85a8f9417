import { superTenant } from '../../identity/authn/asserted-tenant.ts'
import { defaultTenant } from '../../identity/users/user.ts'

/** The tenant that a client means by a domain. */
export function tenantOfDomain(domain: string): string {
  const name = domain.toLowerCase()
  return name === superTenant ? defaultTenant : name
}

/** What a client of WSO2's products calls the tenant. */
export function domainOfTenant(tenant: string): string {
  return tenant === defaultTenant ? superTenant : tenant
}
