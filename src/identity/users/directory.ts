import type { User } from './user.ts'

/*
 * What administrators do with users, roles and tenants, by whichever way they come: SOAP, SCIM, the command line. The kinds of user
 * stores share it as they share `UserStore`; every change raises the trust epoch through the same `users` area.
 */

/** One value of one attribute of a user. */
export interface Attribute {
  /** claim URI of the local dialect: `http://wso2.org/claims/emailaddress` */
  readonly name: string
  /** not empty; NFC */
  readonly value: string
  /** what belongs to the value: `type`, `primary`, `display`, the parts of an address */
  readonly parts?: Readonly<Record<string, string | boolean>> | undefined
}

export interface DirectoryUser extends User {
  /** milliseconds since the epoch */
  readonly created: number
  readonly modified: number
  /** rises with every change of the user; for ETags */
  readonly version: number
  /** in the order in which they were given, the values of one attribute together */
  readonly attributes: readonly Attribute[]
  readonly passwordChanged: number | undefined
}

export interface NewDirectoryUser {
  readonly tenant: string
  readonly name: string
  readonly roles?: readonly string[]
  readonly password?: string | undefined
  readonly attributes?: readonly Attribute[]
  readonly state?: User['state']
}

/** What is left out stays as it is. */
export interface UserChange {
  readonly name?: string
  readonly state?: User['state']
  readonly password?: string
  /** all of the user's roles */
  readonly roles?: readonly string[]
  /** all of the user's attributes */
  readonly attributes?: readonly Attribute[]
}

export interface Role {
  readonly id: string
  readonly tenant: string
  readonly name: string
  readonly created: number
  readonly modified: number
  readonly version: number
}

export interface Permission {
  /** path: `/permission/admin/manage/identity/usermgt/list`. It stands for itself and everything below */
  readonly resource: string
  /** `ui.execute`, `read`, … */
  readonly action: string
  readonly effect: 'allow' | 'deny'
}

export interface Tenant {
  /** domain name; `default` is the one that is always there */
  readonly name: string
  /** never given twice; -1234 is the default tenant's, as in WSO2's products */
  readonly number: number
  /** an inactive tenant lets no one in */
  readonly state: 'active' | 'inactive'
  readonly created: number
  readonly admin: string | undefined
  readonly email: string | undefined
  readonly firstName: string | undefined
  readonly lastName: string | undefined
}

export type TenantDetails = Partial<Pick<Tenant, 'admin' | 'email' | 'firstName' | 'lastName'>>

/** What a search looks at: of users or of roles. `value` and `part` stand for the one value inside of `anyValue`. */
export type Field =
  | { readonly kind: 'id' | 'name' | 'created' | 'modified' }
  /** of users */
  | { readonly kind: 'state' | 'role-id' | 'role-name' }
  /** of roles */
  | { readonly kind: 'member-id' | 'member-name' }
  | { readonly kind: 'value' }
  | { readonly kind: 'attribute'; readonly name: string; readonly part?: string }
  | { readonly kind: 'part'; readonly part: string }

export type Comparison = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'

/**
 * A filter as RFC 7644 section 3.4.2.2 has them, with its attributes resolved. What has several values meets what one of them meets, and
 * `ne` is also met by what has none. Times are compared with milliseconds or with text that `Date.parse` reads.
 */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly of: readonly Filter[] }
  | { readonly op: 'not'; readonly of: Filter }
  | { readonly op: 'present'; readonly field: Field }
  | {
      readonly op: 'compare'
      readonly field: Field
      readonly comparison: Comparison
      readonly value: string | number | boolean
      readonly caseExact: boolean
    }
  /** one value of the attribute meets it all: `emails[type eq "work" and value co "@example.com"]` */
  | { readonly op: 'anyValue'; readonly attribute: string; readonly of: Filter }

export interface Search {
  readonly filter?: Filter | undefined
  /** default: name */
  readonly sortBy?: Field | undefined
  readonly descending?: boolean
  /** how many to leave out before the first */
  readonly offset?: number
  /** at most 1000; 0 only counts */
  readonly limit: number
}

export interface Found<T> {
  /** how many there are in all */
  readonly total: number
  readonly entries: readonly T[]
}

/**
 * The methods throw what `UserStore` throws, and the codes named beside them. Names come in NFC (`nameText`); an attribute's values are
 * brought to it here.
 */
export interface Directory {
  readonly users: {
    find(tenant: string, name: string): Promise<DirectoryUser | undefined>
    findById(tenant: string, id: string): Promise<DirectoryUser | undefined>
    /** Throws ERR_SEARCH_INVALID. */
    search(tenant: string, search: Search): Promise<Found<DirectoryUser>>
    /** Throws ERR_ROLE_UNKNOWN, ERR_ATTRIBUTE_UNFIT. */
    add(user: NewDirectoryUser): Promise<DirectoryUser>
    /**
     * What `decide` makes of the user as it is, in one transaction with reading it. `decide` may throw to change nothing, and is asked
     * again when somebody else changed the user meanwhile. Throws ERR_USER_UNKNOWN, ERR_USER_EXISTS (name), ERR_ROLE_UNKNOWN,
     * ERR_ATTRIBUTE_UNFIT.
     */
    change(tenant: string, id: string, decide: (user: DirectoryUser) => UserChange): Promise<DirectoryUser>
    /** `check` is shown the user in the same transaction, and may throw to remove nothing. Throws ERR_USER_UNKNOWN. */
    remove(tenant: string, id: string, check?: (user: DirectoryUser) => void): Promise<void>
  }
  readonly roles: {
    find(tenant: string, name: string): Promise<Role | undefined>
    findById(tenant: string, id: string): Promise<Role | undefined>
    /** Throws ERR_SEARCH_INVALID. */
    search(tenant: string, search: Search): Promise<Found<Role>>
    /** `members` are user ids. Throws ERR_ROLE_EXISTS, ERR_ROLE_NAME, ERR_USER_UNKNOWN (a member), ERR_TENANT_UNKNOWN, ERR_PERMISSION_UNFIT. */
    add(role: {
      tenant: string
      name: string
      members?: readonly string[]
      permissions?: readonly Permission[]
    }): Promise<Role>
    /** `members` are user ids, all of them. Throws ERR_ROLE_UNKNOWN, ERR_ROLE_EXISTS, ERR_USER_UNKNOWN. */
    change(
      tenant: string,
      id: string,
      decide: (role: Role & { readonly members: readonly Member[] }) => { name?: string; members?: readonly string[] },
    ): Promise<Role>
    /** `check` as with users. Throws ERR_ROLE_UNKNOWN. */
    remove(tenant: string, id: string, check?: (role: Role) => void): Promise<void>
    /** who has the role, in the order of their names */
    members(tenant: string, id: string): Promise<readonly Member[]>
    /** in the order of their paths; none for a role that is not there */
    permissions(tenant: string, name: string): Promise<readonly Permission[]>
    /** Sets the effect of one permission, or takes it away. Throws ERR_ROLE_UNKNOWN, ERR_PERMISSION_UNFIT. */
    permit(
      tenant: string,
      name: string,
      permission: Omit<Permission, 'effect'>,
      effect: Permission['effect'] | 'none',
    ): Promise<void>
  }
  readonly tenants: {
    find(name: string): Promise<Tenant | undefined>
    list(): Promise<readonly Tenant[]>
    /** Throws ERR_TENANT_NAME, ERR_TENANT_EXISTS. */
    add(name: string, details?: TenantDetails): Promise<Tenant>
    /** Throws ERR_TENANT_UNKNOWN; ERR_TENANT_NAME for making the default tenant inactive. */
    change(name: string, change: TenantDetails & { readonly state?: Tenant['state'] }): Promise<Tenant>
    /** With everything in it. Throws ERR_TENANT_UNKNOWN; ERR_TENANT_NAME for the default tenant. */
    remove(name: string): Promise<void>
  }
  /**
   * Whether one of the user's roles allows the action on the resource or on a path above it, and none denies it there. A nearer path
   * beats a farther one; on the same path deny beats allow. Whoever has `adminRole` in the tenant may do everything in it. No for
   * whoever is locked or not there, in a tenant that is inactive, and for a resource that is no path.
   */
  isAuthorized(tenant: string, user: string, resource: string, action: string): Promise<boolean>
}

export interface Member {
  readonly id: string
  readonly name: string
}

/** The role whose holders may do everything in their tenant. */
export const adminRole = 'admin'
