import type { Call } from '../call.ts'
import { tenantOfDomain } from '../tenant-name.ts'
import { givenName } from './names.ts'

/**
 * Whom a name for signing in means: `alice@example.org` is alice of the tenant example.org where there is such a tenant, else a user of the
 * default tenant whose name is a mail address. In the address of a tenant it is that tenant's user, whatever the name looks like.
 */
export async function loginName(
  { directory, tenant, addressed }: Pick<Call, 'directory' | 'tenant' | 'addressed'>,
  sent: string,
): Promise<{ readonly tenant: string; readonly name: string }> {
  const at = sent.lastIndexOf('@')
  if (at > 0) {
    const named = tenantOfDomain(sent.slice(at + 1))
    const known = (await directory.tenants.find(named)) !== undefined
    if (known && (addressed === 'any' || named === tenant)) return { tenant: named, name: givenName(sent.slice(0, at)) }
  }
  return { tenant, name: givenName(sent) }
}
