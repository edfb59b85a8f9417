import { z } from 'zod'
import { ConfigError, pathText } from '../config/read.ts'
import { type Access, compileAccess } from '../identity/access/access.ts'
import { refuse } from '../refusals.ts'

const names = z.array(z.string().min(1).max(255)).min(1)

const accessOptions = z.strictObject({
  roles: names.optional(),
  users: names.optional(),
  tenants: names.optional(),
  authenticators: names.optional(),
})

/** Who may. Nothing: everyone who was identified. */
export interface AccessOptions {
  /** whoever has one of these roles may */
  readonly roles?: readonly string[]
  /** these users may, whatever their roles */
  readonly users?: readonly string[]
  /** tenants whose users and roles are meant; default: `default` */
  readonly tenants?: readonly string[]
  /** names of the authenticators that count (`mutual-tls`, `basic`); default: all that are enabled */
  readonly authenticators?: readonly string[]
}

/**
 * Throws ERR_CONFIG_INVALID for a key that it does not know, since a restriction that is misspelt would be none, and
 * ERR_AUTHENTICATOR_UNKNOWN for an authenticator that is not enabled.
 */
export function compileAccessOptions(options: AccessOptions, enabled: readonly string[]): Access {
  const parsed = accessOptions.safeParse(options)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({
      path: pathText(path),
      line: undefined,
      message,
      hint: 'Access is restricted by roles, users, tenants and authenticators: lists of names that are not empty.',
    }))
    throw new ConfigError('what is required', problems)
  }
  const { roles, users, tenants = ['default'], authenticators } = parsed.data
  const restricted = roles !== undefined || users !== undefined || parsed.data.tenants !== undefined
  if (roles === undefined && users === undefined && restricted) return inTenants(tenants, authenticators, enabled)
  return compileAccess({ require: authenticators, allow: restricted ? { roles, users, tenants } : undefined }, enabled)
}

function inTenants(tenants: readonly string[], require: string[] | undefined, enabled: readonly string[]): Access {
  const access = compileAccess({ require }, enabled)
  return {
    ...access,
    check: principal =>
      access.check(principal) ??
      (tenants.includes(principal.tenant)
        ? undefined
        : refuse('forbidden', 'The user belongs to another tenant than those that this address is open to.')),
  }
}
