import type { Clock } from '../../../clock.ts'
import { CodedError } from '../../../errors.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { Directory } from '../directory.ts'
import { defaultTenant } from '../user.ts'
import { tenantExists } from './directory-errors.ts'
import { detailsRow, insertTenant, readTenant, requireTenant, tenantOf } from './tenant-rows.ts'

export function createDirectoryTenants(storage: Storage, clock: Clock): Directory['tenants'] {
  const { db } = storage
  return {
    find: name => readTenant(db, name),

    async list() {
      return (await db.selectFrom('tenants').selectAll().orderBy('name').execute()).map(tenantOf)
    },

    add: (name, details = {}) =>
      storage.change('users', async transaction => {
        if (!(await insertTenant(transaction, name, details, clock.now()))) throw tenantExists(name)
        return requireTenant(transaction, name)
      }),

    change: (name, { state, ...details }) =>
      storage.change('users', async transaction => {
        await requireTenant(transaction, name)
        if (name === defaultTenant && state === 'inactive') throw alwaysThere('made inactive')
        const row = { ...detailsRow(details), ...(state === undefined ? {} : { state }) }
        if (Object.keys(row).length > 0) {
          await transaction.updateTable('tenants').set(row).where('name', '=', name).execute()
        }
        return requireTenant(transaction, name)
      }),

    // With the bindings: they would let somebody in when a tenant gets the name anew.
    remove: name =>
      storage.change(['users', 'bindings'], async transaction => {
        await requireTenant(transaction, name)
        if (name === defaultTenant) throw alwaysThere('removed')
        await transaction.deleteFrom('bindings').where('tenant', '=', name).execute()
        await transaction.deleteFrom('users').where('tenant', '=', name).execute()
        await transaction.deleteFrom('roles').where('tenant', '=', name).execute()
        await transaction.deleteFrom('tenants').where('name', '=', name).execute()
      }),
  }
}

function alwaysThere(what: string): CodedError {
  return new CodedError('ERR_TENANT_NAME', `the tenant ${defaultTenant} cannot be ${what}`, {
    remedy: 'Lock or remove its users instead.',
  })
}
