/** Who somebody is, wherever they are stored. The name is unique within its tenant, compared exactly. */
export interface User {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly roles: readonly string[]
  readonly state: 'active' | 'locked'
}

export const defaultTenant = 'default'

/** Where users live. Kinds: sqlite (later postgres, ldap). One contract suite holds them all. */
export interface UserStore {
  find(tenant: string, name: string): Promise<User | undefined>
  /** the stored password hash (PHC string), undefined for a user without a password and for no such user */
  passwordHash(tenant: string, name: string): Promise<string | undefined>
}
