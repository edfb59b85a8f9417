import { isTenantName } from '../users/names.ts'
import { defaultTenant } from '../users/user.ts'

/**
 * How a name that a request gives tells whose user is meant. none: it does not; an `@` is a letter like any other. suffix: the last `@`
 * begins the tenant, as WSO2's products have it. suffix-email: the same with their EnableEmailUserName, where a name with one `@` is an
 * e-mail address, and a user of the first tenant.
 */
export const tenantNames = ['none', 'suffix', 'suffix-email'] as const
export type TenantNames = (typeof tenantNames)[number]

export type NamedUser =
  /** `tenant` is undefined where the name does not tell it */
  | { readonly kind: 'user'; readonly user: string; readonly tenant: string | undefined }
  | { readonly kind: 'malformed'; readonly reason: string }

/** What WSO2's products call the tenant that is always there. */
export const superTenant = 'carbon.super'

/**
 * Takes a name apart. Stricter than the original: a part that is empty, or can be no tenant, makes it malformed, and the first tenant is
 * called by nothing or `carbon.super`, never by its name here.
 */
export function splitTenant(name: string, how: TenantNames): NamedUser {
  if (how === 'none') return { kind: 'user', user: name, tenant: undefined }
  const at = name.lastIndexOf('@')
  const domain = name.slice(at + 1).toLowerCase()
  const address = how === 'suffix-email' && name.indexOf('@') === at && domain !== superTenant
  if (at < 0 || address) return { kind: 'user', user: name, tenant: defaultTenant }
  const user = name.slice(0, at)
  if (user === '') return { kind: 'malformed', reason: 'names a tenant and no user' }
  if (domain === superTenant) return { kind: 'user', user, tenant: defaultTenant }
  if (!isTenantName(domain) || domain === defaultTenant)
    return { kind: 'malformed', reason: 'holds no tenant after its last @' }
  return { kind: 'user', user, tenant: domain }
}
