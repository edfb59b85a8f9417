import { splitTenant, type TenantNames } from '../../identity/authn/asserted-tenant.ts'
import { defaultTenant } from '../../identity/users/user.ts'
import type { CarbonHome } from './carbon-home.ts'
import type { XmlValue } from './xml.ts'

/** Users of one tenant, the first of them by default; `['*']` is any user that it has. */
export interface UserList {
  readonly tenant: string
  readonly users: readonly string[]
}

/** The users that a parameter names, by their tenants, in the order in which they are named. Empty: it lets nobody in. */
export function readUsers(home: CarbonHome, value: XmlValue, tenants: TenantNames): readonly UserList[] {
  const names = value.value
    .split(',')
    .map(each => each.trim())
    .filter(Boolean)
  if (names.includes('*')) return [{ tenant: defaultTenant, users: ['*'] }]
  const lists = new Map<string, Set<string>>()
  for (const name of names) {
    const named = splitTenant(name, tenants)
    if (named.kind === 'user') lists.getOrInsertComputed(named.tenant ?? defaultTenant, () => new Set()).add(named.user)
    else
      home.findings.add(
        'warning',
        value,
        `${JSON.stringify(name)} ${named.reason}, so it lets nobody in`,
        'Write the user, an @ and the domain of its tenant.',
      )
  }
  if (lists.size === 0)
    home.findings.add('warning', value, 'the list of users is empty, so it lets nobody in', 'Name users, or * for any.')
  return [...lists].map(([tenant, users]) => ({ tenant, users: [...users] }))
}
