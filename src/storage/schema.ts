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
  user_attributes: AttributeTable
  user_attribute_parts: AttributePartTable
  role_permissions: PermissionTable
  credentials: CredentialTable
  bindings: BindingTable
  throttle: ThrottleTable
  locks: LockTable
  ticket_secrets: TicketSecretTable
  used_nonces: UsedNonceTable
  changes: ChangeTable
  counters: CounterTable
}

interface TenantTable {
  name: string
  created: number
  /** unique, and never given twice */
  number: number
  state: Generated<'active' | 'inactive'>
  admin: string | null
  email: string | null
  first_name: string | null
  last_name: string | null
}

interface UserTable {
  id: string
  tenant: string
  /** unique within the tenant, NFC */
  name: string
  state: 'active' | 'locked'
  created: number
  /** the name as `fold` has it */
  folded: Generated<string>
  modified: Generated<number>
  version: Generated<number>
}

interface RoleTable {
  id: string
  tenant: string
  /** unique within the tenant, NFC */
  name: string
  created: number
  /** the name as `fold` has it */
  folded: Generated<string>
  modified: Generated<number>
  version: Generated<number>
}

interface UserRoleTable {
  user_id: string
  role_id: string
}

interface AttributeTable {
  user_id: string
  /** counts from 0 */
  position: number
  name: string
  value: string
  /** the value as `fold` has it */
  folded: string
  /** its beginning, which is indexed */
  lookup: string
}

interface AttributePartTable {
  user_id: string
  position: number
  part: string
  kind: 'text' | 'boolean'
  value: string
  folded: string
}

interface PermissionTable {
  role_id: string
  resource: string
  action: string
  effect: 'allow' | 'deny'
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

interface TicketSecretTable {
  /** names the key that it is sealed with */
  key_id: string
  sealed: string
  changed: number
}

interface UsedNonceTable {
  /** names the nonce and whose it is */
  nonce: string
  /** the row means nothing from then on */
  expires: number
}

/** One row for each area that somebody watches; `version` rises in the transaction that changes it. */
interface ChangeTable {
  area: Area
  version: number
}

/** The last number that was given, for numbers that are never given twice. */
interface CounterTable {
  name: 'tenant'
  value: number
}

/** What can be watched. */
export const areas = ['users', 'bindings', 'locks', 'tickets'] as const
export type Area = (typeof areas)[number]
