import type { Tenant, TenantDetails } from '../../../../identity/users/directory.ts'
import { boolean, complex, dateTime, int, list, string, type ValueOf, type WritableOf } from '../../schema/type.ts'
import { domainOfTenant } from '../../tenant-name.ts'

export const tenantInfoBean = complex('http://beans.common.stratos.carbon.wso2.org/xsd', 'TenantInfoBean', {
  active: boolean,
  admin: string,
  adminPassword: string,
  createdDate: dateTime,
  email: string,
  firstname: string,
  lastname: string,
  name: string,
  originatedService: string,
  successKey: string,
  tenantDomain: string,
  tenantId: int,
  usagePlan: string,
})

export const paginatedTenantInfoBean = complex(
  'http://beans.mgt.tenant.carbon.wso2.org/xsd',
  'PaginatedTenantInfoBean',
  {
    numberOfPages: int,
    tenantInfoBeans: list(tenantInfoBean),
  },
)

export type TenantInfo = NonNullable<ValueOf<typeof tenantInfoBean>>

/** The tenant for clients: never a password. */
export function beanOf(tenant: Tenant): NonNullable<WritableOf<typeof tenantInfoBean>> {
  const { name, number, state, created, admin, email, firstName, lastName } = tenant
  return {
    active: state === 'active',
    admin,
    createdDate: created,
    email,
    firstname: firstName,
    lastname: lastName,
    tenantDomain: domainOfTenant(name),
    tenantId: number,
  }
}

/** What is kept of a tenant beside its name; an empty text is as good as none. */
export function detailsOf({ admin, email, firstname, lastname }: TenantInfo): TenantDetails {
  const given = { admin, email, firstName: firstname, lastName: lastname }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ''))
}
