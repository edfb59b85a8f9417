import type { Clock } from '../../../clock.ts'
import type { Storage } from '../../../storage/storage.ts'
import type { Directory } from '../directory.ts'
import type { PasswordHasher } from '../password/password-hasher.ts'
import { createDirectoryRoles } from './directory-roles.ts'
import { createDirectoryTenants } from './directory-tenants.ts'
import { createDirectoryUsers } from './directory-users.ts'
import { isAuthorized } from './permissions.ts'

export interface SqlDirectorySource {
  readonly storage: Storage
  readonly hasher: Pick<PasswordHasher, 'hash'>
  readonly clock: Clock
}

/** Users, roles and tenants in the tables of `storage`, for those who administer them. */
export function createSqlDirectory({ storage, hasher, clock }: SqlDirectorySource): Directory {
  return {
    users: createDirectoryUsers({ storage, hasher, clock }),
    roles: createDirectoryRoles(storage, clock),
    tenants: createDirectoryTenants(storage, clock),
    isAuthorized: (tenant, user, resource, action) => isAuthorized(storage.db, tenant, user, resource, action),
  }
}
