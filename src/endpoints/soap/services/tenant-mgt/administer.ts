import { adminRole, type Tenant } from '../../../../identity/users/directory.ts'
import type { Call } from '../../call.ts'
import type { Fault } from '../../message/fault.ts'
import { tenantOfDomain } from '../../tenant-name.ts'
import { givenName } from '../names.ts'
import { failure } from '../refusals.ts'
import { detailsOf, type TenantInfo } from './bean.ts'

/** Adds a tenant, and the user who may do everything in it. When that user cannot be, there is no tenant either. */
export async function addTenant(
  { directory }: Call,
  bean: TenantInfo | undefined,
  kind: 'with-admin' | 'bare',
): Promise<string | Fault> {
  if (!bean?.tenantDomain) return incomplete('tenantDomain')
  if (kind === 'with-admin' && !bean.admin) return incomplete('admin')
  const tenant = tenantOfDomain(bean.tenantDomain)
  await directory.tenants.add(tenant, detailsOf(bean))
  if (kind === 'bare') return ''
  try {
    if ((await directory.roles.find(tenant, adminRole)) === undefined)
      await directory.roles.add({ tenant, name: adminRole })
    await directory.users.add({
      tenant,
      name: adminOf(bean.admin!),
      roles: [adminRole],
      ...(bean.adminPassword ? { password: bean.adminPassword } : {}),
      attributes: attributesOf(bean),
    })
  } catch (error) {
    await directory.tenants.remove(tenant)
    throw error
  }
  return ''
}

/** Changes what is kept of a tenant, and the password of its administrator when one came. */
export async function updateTenant({ directory }: Call, tenant: Tenant, bean: TenantInfo): Promise<Fault | undefined> {
  const { admin: named, ...details } = detailsOf(bean)
  const admin = named === undefined ? undefined : adminOf(named)
  if (admin !== undefined && tenant.admin !== undefined && admin !== adminOf(tenant.admin)) return otherAdmin
  if (bean.adminPassword) {
    const user = tenant.admin === undefined ? undefined : await directory.users.find(tenant.name, adminOf(tenant.admin))
    if (user === undefined) return noAdmin
    const { adminPassword } = bean
    await directory.users.change(tenant.name, user.id, () => ({ password: adminPassword }))
  }
  await directory.tenants.change(tenant.name, { ...details, ...(admin === undefined ? {} : { admin }) })
  return undefined
}

/** The name within the tenant: some clients send it with the tenant behind it. */
function adminOf(sent: string): string {
  const at = sent.lastIndexOf('@')
  return givenName(at > 0 ? sent.slice(0, at) : sent)
}

function attributesOf({ email, firstname, lastname }: TenantInfo) {
  const given = [
    ['http://wso2.org/claims/emailaddress', email],
    ['http://wso2.org/claims/givenname', firstname],
    ['http://wso2.org/claims/lastname', lastname],
  ] as const
  return given.flatMap(([name, value]) => (value ? [{ name, value }] : []))
}

function incomplete(field: string): Fault {
  return failure(`The tenant has no ${field}.`, 'ERR_TENANT_NAME', `Send ${field} in tenantInfoBean.`)
}

const otherAdmin = failure(
  'The administrator of a tenant is not changed this way.',
  'ERR_USER_UNKNOWN',
  'Give the role admin to another user of the tenant.',
)

const noAdmin = failure(
  'The tenant has no administrator whose password could be set.',
  'ERR_USER_UNKNOWN',
  'Send no adminPassword.',
)
