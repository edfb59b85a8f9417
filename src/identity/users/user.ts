/** Who somebody is, wherever they are stored. The name is unique within its tenant, compared exactly. */
export interface User {
  readonly id: string
  readonly tenant: string
  readonly name: string
  /** in order, none twice */
  readonly roles: readonly string[]
  readonly state: 'active' | 'locked'
  /** an inactive tenant lets no one in */
  readonly tenantState: 'active' | 'inactive'
}

export const defaultTenant = 'default'

/** Where users live. Kinds: sqlite (later postgres, ldap). One contract suite holds them all. */
export interface UserStore {
  /** rises with every change to any user, whichever process made it; whatever was decided at a lower version may be void */
  readonly version: number
  /** Calls `listener` after `version` rose, when `find` answers anew. The answer unsubscribes. */
  onChange(listener: () => void): () => void
  /** Known users cost a look-up. Names that are not in NFC find nobody: whoever reads names that people type normalises them. */
  find(tenant: string, name: string): Promise<User | undefined>
  /** in the order of their names, at most `limit` (100) of them, after the one called `after` */
  list(tenant: string, page?: { readonly after?: string | undefined; readonly limit?: number }): Promise<UserPage>
  /**
   * Whether this is the user's password. `locked` (the user, or the tenant is inactive) is only ever said to whoever knows it. The work is the same for a wrong password
   * and for no such user (invariant 8). Nobody counts here: `createPasswordLogin` does.
   */
  checkPassword(tenant: string, name: string, password: string): Promise<PasswordCheck>
  /** Throws ERR_USER_EXISTS, ERR_USER_NAME, ERR_ROLE_NAME, ERR_TENANT_UNKNOWN, ERR_PASSWORD_UNFIT. Without a password, none opens the account. */
  add(user: NewUser): Promise<User>
  /** The following throw ERR_USER_UNKNOWN. */
  remove(tenant: string, name: string): Promise<void>
  setPassword(tenant: string, name: string, password: string): Promise<void>
  setState(tenant: string, name: string, state: User['state']): Promise<void>
  /** Roles that the tenant did not have are made. */
  setRoles(tenant: string, name: string, roles: readonly string[]): Promise<void>
  /** false when it was there already. Throws ERR_TENANT_NAME */
  addTenant(tenant: string): Promise<boolean>
}

export interface NewUser {
  readonly tenant: string
  readonly name: string
  readonly roles?: readonly string[]
  readonly password?: string | undefined
}

export interface ListedUser extends User {
  readonly created: number
  /** whether a password was set, and when */
  readonly passwordChanged: number | undefined
}

export interface UserPage {
  readonly users: readonly ListedUser[]
  /** to pass as `after` for the next page; undefined on the last */
  readonly next: string | undefined
}

export type PasswordCheck =
  | { readonly kind: 'right'; readonly user: User }
  | { readonly kind: 'wrong' }
  /** the account, or its tenant as a whole */
  | { readonly kind: 'locked'; readonly what: 'account' | 'tenant' }
  /** too much is being hashed already */
  | { readonly kind: 'busy' }
