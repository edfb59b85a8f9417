import type { Tenant } from '../../../../identity/users/directory.ts'
import { defaultTenant } from '../../../../identity/users/user.ts'
import type { Call } from '../../call.ts'
import type { Fault } from '../../message/fault.ts'
import { int, list, string, text } from '../../schema/type.ts'
import { operation, operations, type Service } from '../../service.ts'
import { tenantOfDomain } from '../../tenant-name.ts'
import { permissions } from '../permissions.ts'
import { failure } from '../refusals.ts'
import { addTenant, updateTenant } from './administer.ts'
import { beanOf, paginatedTenantInfoBean, tenantInfoBean } from './bean.ts'

const reads = { access: [permissions.tenantsList], effect: 'reads' } as const
const changes = { access: [permissions.tenantsModify], effect: 'changes', shape: 'empty-answer' } as const
const adds = { access: [permissions.tenantsModify], effect: 'changes' } as const

/** Tenants on one page, as in the original. */
const perPage = 15

export const tenantMgtAdminService: Service = {
  name: 'TenantMgtAdminService',
  summary: 'The tenants, for users of the default tenant.',
  namespace: 'http://services.mgt.tenant.carbon.wso2.org',
  callers: 'default-tenant',
  exception: {
    element: 'TenantMgtAdminServiceException',
    child: 'TenantMgtAdminServiceException',
    type: { namespace: 'http://services.mgt.tenant.carbon.wso2.org', name: 'Exception', message: 'Message' },
  },
  operations: operations({
    retrieveTenants: operation({
      ...reads,
      result: list(tenantInfoBean),
      run: async (_none, call) => (await tenantsOf(call)).map(beanOf),
    }),
    retrievePartialSearchTenants: operation({
      ...reads,
      request: { domain: string },
      result: list(tenantInfoBean),
      run: async ({ domain }, call) => (await tenantsOf(call, domain)).map(beanOf),
    }),
    retrievePaginatedTenants: operation({
      ...reads,
      request: { pageNumber: int },
      result: paginatedTenantInfoBean,
      run: async ({ pageNumber }, call) => pageOf(await tenantsOf(call), pageNumber),
    }),
    retrievePaginatedPartialSearchTenants: operation({
      ...reads,
      request: { domain: string, pageNumber: int },
      result: paginatedTenantInfoBean,
      run: async ({ domain, pageNumber }, call) => pageOf(await tenantsOf(call, domain), pageNumber),
    }),
    getTenant: operation({
      ...reads,
      request: { tenantDomain: text },
      result: tenantInfoBean,
      run: ({ tenantDomain }, call) => withTenant(call, tenantDomain, beanOf),
    }),
    addTenant: operation({
      ...adds,
      request: { tenantInfoBean },
      result: string,
      run: ({ tenantInfoBean: bean }, call) => addTenant(call, bean, 'with-admin'),
    }),
    addSkeletonTenant: operation({
      ...adds,
      request: { tenantInfoBean },
      result: string,
      run: ({ tenantInfoBean: bean }, call) => addTenant(call, bean, 'bare'),
    }),
    updateTenant: operation({
      ...changes,
      request: { tenantInfoBean },
      run: ({ tenantInfoBean: bean }, call) =>
        withTenant(call, bean?.tenantDomain ?? '', tenant => updateTenant(call, tenant, bean!)),
    }),
    activateTenant: operation({
      ...changes,
      request: { tenantDomain: text },
      run: ({ tenantDomain }, call) => setState(call, tenantDomain, 'active'),
    }),
    deactivateTenant: operation({
      ...changes,
      request: { tenantDomain: text },
      run: ({ tenantDomain }, call) => setState(call, tenantDomain, 'inactive'),
    }),
    deleteTenant: operation({
      ...changes,
      request: { tenantDomain: text },
      run: ({ tenantDomain }, call) =>
        withTenant(call, tenantDomain, async ({ name }) => {
          await call.directory.tenants.remove(name)
          return undefined
        }),
    }),
  }),
}

/** The tenants beside the one that is always there, which the original does not list either. */
async function tenantsOf({ directory }: Call, domain = ''): Promise<Tenant[]> {
  const part = domain.replaceAll('*', '').toLowerCase()
  const all = await directory.tenants.list()
  return all.filter(({ name }) => name !== defaultTenant && name.includes(part))
}

function pageOf(tenants: readonly Tenant[], pageNumber = 0) {
  const start = Math.max(0, pageNumber) * perPage
  return {
    numberOfPages: Math.ceil(tenants.length / perPage),
    tenantInfoBeans: tenants.slice(start, start + perPage).map(beanOf),
  }
}

async function withTenant<T>(
  { directory }: Call,
  domain: string,
  work: (tenant: Tenant) => Promise<T | Fault> | T | Fault,
): Promise<T | Fault> {
  const tenant = await directory.tenants.find(tenantOfDomain(domain))
  return tenant === undefined ? noTenant : work(tenant)
}

const noTenant = failure('There is no such tenant.', 'ERR_TENANT_UNKNOWN', 'Check the domain.')

function setState(call: Call, domain: string, state: Tenant['state']): Promise<Fault | undefined> {
  return withTenant(call, domain, async ({ name }) => {
    await call.directory.tenants.change(name, { state })
    return undefined
  })
}
