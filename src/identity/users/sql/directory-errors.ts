import { CodedError } from '../../../errors.ts'

export function unknownUser(tenant: string, name: string): CodedError {
  return new CodedError('ERR_USER_UNKNOWN', `there is no user ${JSON.stringify(name)} in the tenant ${tenant}`, {
    remedy: '`countersign user list` shows who there is. Names are compared exactly; case counts.',
  })
}

export function userExists(tenant: string, name: string): CodedError {
  return new CodedError('ERR_USER_EXISTS', `there is a user ${JSON.stringify(name)} in the tenant ${tenant} already`, {
    remedy:
      'Choose another name, or change the one who is there (`countersign user password`, `countersign user unlock`).',
  })
}

export function unknownRole(tenant: string, name: string): CodedError {
  return new CodedError('ERR_ROLE_UNKNOWN', `there is no role ${JSON.stringify(name)} in the tenant ${tenant}`, {
    remedy: '`countersign role list` shows the roles. Names are compared exactly; case counts.',
  })
}

export function roleExists(tenant: string, name: string): CodedError {
  return new CodedError('ERR_ROLE_EXISTS', `there is a role ${JSON.stringify(name)} in the tenant ${tenant} already`, {
    remedy: 'Choose another name, or change the role that is there.',
  })
}

export function unknownTenant(name: string): CodedError {
  return new CodedError('ERR_TENANT_UNKNOWN', `there is no tenant ${JSON.stringify(name)}`, {
    remedy: '`countersign tenant list` shows the tenants.',
  })
}

export function tenantExists(name: string): CodedError {
  return new CodedError('ERR_TENANT_EXISTS', `there is a tenant ${JSON.stringify(name)} already`, {
    remedy: 'Choose another name.',
  })
}
