import type { Generated } from 'kysely'

/*
 * The tables as the queries see them, the same in every kind of database. Times are milliseconds since the epoch, states are words,
 * lists are JSON in text, identifiers are UUIDs in text: nothing that two databases store differently.
 * Names are compared byte for byte.
 */
export interface Schema {
  tenants: TenantTable
  users: UserTable
  roles: RoleTable
  user_roles: UserRoleTable
  credentials: CredentialTable
  bindings: BindingTable
  throttle: ThrottleTable
  locks: LockTable
  changes: ChangeTable
}

interface TenantTable {
  name: string
  created: number
}

interface UserTable {
  id: string
  tenant: string
  /** unique within the tenant, NFC */
  name: string
  state: 'active' | 'locked'
  created: number
}

interface RoleTable {
  id: string
  tenant: string
  /** unique within the tenant, NFC */
  name: string
  created: number
}

interface UserRoleTable {
  user_id: string
  role_id: string
}

interface CredentialTable {
  user_id: string
  kind: 'password'
  /** PHC string */
  secret: string
  /** when the user's secret was set; a hash renewed from the same password keeps it */
  changed: number
}

interface BindingTable {
  id: string
  tenant: string
  /** thumbprint, subject, email, dns, uri, upn, anchor */
  kind: string
  /** normal form of what it looks for; unique with kind and anchor */
  value: string
  /** further condition; empty when there is none */
  anchor: Generated<string>
  /** the binding as it was written, JSON */
  options: string
  created: number
}

interface ThrottleTable {
  /** names what is counted without spelling it out: see identity/users/throttle */
  bucket: string
  /** the user whom it is about, in the same way; empty where it is about none */
  subject: string
  failures: number
  /** of `failures` */
  counted: number
  /** nothing is tried before */
  blocked_until: number
  /** the row means nothing from then on */
  expires: number
}

interface LockTable {
  /** how `value` names certificates */
  kind: 'thumbprint' | 'issuer-serial' | 'public-key'
  value: string
  /** what it was set by, for people */
  label: string
  reason: string
  created: number
}

/** One row for each area that somebody watches; `version` rises in the transaction that changes it. */
interface ChangeTable {
  area: Area
  version: number
}

/** What can be watched. */
export type Area = 'users' | 'bindings' | 'locks'
