import { defaultTenant } from '../../identity/users/user.ts'

export interface TenantPath {
  readonly tenant: string
  /** what was in front of it: empty, or `/t/TENANT` */
  readonly prefix: string
  /** the path that it would be for the default tenant */
  readonly path: string
}

/** What WSO2's products call the tenant that is always there. */
const superTenant = 'carbon.super'

/** `/t/wso2.com/scim2/Users` is `/scim2/Users` of the tenant wso2.com. Other paths are of the default tenant. */
export function readTenantPath(path: string): TenantPath {
  if (!path.startsWith('/t/')) return { tenant: defaultTenant, prefix: '', path }
  const [, prefix, domain, rest] = /^(\/t\/([^/]+))(\/.*)$/.exec(path) ?? []
  if (prefix === undefined) return { tenant: defaultTenant, prefix: '', path }
  const name = domain!.toLowerCase()
  return { tenant: name === superTenant ? defaultTenant : name, prefix, path: rest! }
}
