import { type Refusal, refuse } from '../../refusals.ts'
import type { Principal } from '../authn/authenticator.ts'
import { adminRole, type Directory } from '../users/directory.ts'
import { defaultTenant } from '../users/user.ts'
import { compilePathPattern } from './path-pattern.ts'
import type { AccessRuleOptions } from './rule-options.ts'

export type AccessRule = Pick<AccessRuleOptions, 'caller' | 'permissions' | 'crossTenant'>

/** Who may do what with which path of our own services. */
export interface AccessRules {
  /** The first rule for the method and the path, which is normalised already. undefined: nobody may. */
  find(method: string, path: string): AccessRule | undefined
}

/** Throws ERR_BINDING_PATTERN. */
export function compileAccessRules(rules: readonly AccessRuleOptions[]): AccessRules {
  const compiled = rules.map(({ path, methods, ...rule }) => ({
    rule,
    methods: methods && new Set(methods.map(method => method.toUpperCase())),
    matches: compilePathPattern(path),
  }))
  return {
    find(method, path) {
      const name = method.toUpperCase() === 'HEAD' ? 'GET' : method.toUpperCase()
      return compiled.find(({ methods, matches }) => methods?.has(name) !== false && matches(path))?.rule
    },
  }
}

/**
 * Whether the user may do in `tenant` what the rule is about; undefined: may. Whoever comes to another tenant than their own needs a
 * rule that says so, and is the administrator of all.
 */
export async function checkAccessRule(
  rule: AccessRule | undefined,
  { user, tenant, roles }: Pick<Principal, 'user' | 'tenant' | 'roles'>,
  target: string,
  directory: Pick<Directory, 'isAuthorized'>,
): Promise<Refusal | undefined> {
  if (rule === undefined) return noRule
  if (tenant !== target) {
    const may = rule.crossTenant === 'default-tenant-admin' && tenant === defaultTenant && roles.includes(adminRole)
    if (!may) return otherTenant
  }
  for (const permission of rule.permissions) {
    if (!(await directory.isAuthorized(tenant, user, permission, action)))
      return refuse('forbidden', `The user does not hold the permission ${permission}.`)
  }
  return undefined
}

/** What a permission of the management console is for: the one that the rules ask for. */
const action = 'ui.execute'

const noRule = refuse('forbidden', 'No rule of the access table is about this method and path.')
const otherTenant = refuse('forbidden', 'The user belongs to another tenant than this path.')
