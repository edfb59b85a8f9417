import type { z } from 'zod'
import { defaultScimAccess } from '../../endpoints/scim/access-defaults.ts'
import { isCoded } from '../../errors.ts'
import { compilePathPattern } from '../../identity/access/path-pattern.ts'
import type { accessRuleOptions } from '../../identity/access/rule-options.ts'
import type { CarbonHome } from './carbon-home.ts'
import { child, childrenNamed, textOf, type XmlElement, type XmlValue } from './xml.ts'

export type AccessRuleInput = z.input<typeof accessRuleOptions>

/**
 * The rules of ResourceAccessControl, in their order: the first that matches decides, as in the original. What none of them matched was open
 * there; here the rules of 5.6.0 come after the home's own, and what they leave out is refused. Paths are matched decoded once, methods in
 * any case (CVE-2025-10611). A rule that cannot be carried as it is closes what it was about: left out, a later one might open it.
 */
export function readResourceAccess(home: CarbonHome, access: XmlElement): AccessRuleInput[] {
  const reading = new Reading(home)
  const rules = childrenNamed(access, 'Resource').flatMap(resource => reading.rule(resource) ?? [])
  if (reading.elsewhere.length > 0) {
    home.findings.add('ignored', access, 'rules for paths that are not served here', undefined, reading.elsewhere)
  }
  const what =
    'a path without a rule was open to everybody; here the rules that 5.6.0 came with count for it, and what they leave out is refused'
  home.findings.add('tightened', access, what, 'Add a Resource for the path, or a rule to scim.access.')
  return [...rules, ...defaultScimAccess]
}

/** The permission that is above all: who holds it may do everything. */
const everything = '/permission'

class Reading {
  /** patterns of the rules that can match no path of ours */
  readonly elsewhere: string[] = []
  readonly #home: CarbonHome

  constructor(home: CarbonHome) {
    this.#home = home
  }

  rule(resource: XmlElement): AccessRuleInput | undefined {
    const context = resource.attributes.get('context')
    if (context === undefined)
      return void this.#tell('warning', resource, 'a Resource without a context matches nothing')
    const path = context.value.trim()
    if (isElsewhere(path)) return void this.elsewhere.push(path)
    const matches = this.#compile(context, path)
    if (matches === undefined) return undefined
    const listed = resource.attributes.get('http-method')?.value
    if (listed === undefined || listed.trim() === '') {
      this.#tell('tightened', resource, `${path} has no http-method: the administrator alone may, by any method`)
      return { path, permissions: [everything] }
    }
    const methods = methodsOf(listed)
    if (methods?.length === 0)
      return void this.#tell(
        'warning',
        resource,
        `${path}: ${JSON.stringify(listed)} is no method, so the rule matches nothing`,
      )
    return { path, ...(methods === undefined ? {} : { methods }), ...this.#caller(resource, path, matches) }
  }

  #compile(context: XmlValue, path: string): ((path: string) => boolean) | undefined {
    try {
      return compilePathPattern(path)
    } catch (error) {
      if (!isCoded(error)) throw error
      const what = `the pattern ${JSON.stringify(path)} cannot be read: ${error.message}`
      this.#home.findings.add('error', context, what, 'Write it without look-around and back references.')
      return undefined
    }
  }

  #caller(
    resource: XmlElement,
    path: string,
    matches: (path: string) => boolean,
  ): Pick<AccessRuleInput, 'caller' | 'permissions' | 'crossTenant'> {
    const { attributes } = resource
    const permissions = this.#permissions(resource)
    const handlers = attributes.get('allowed-auth-handlers')
    if (attributes.get('secured')?.value.toLowerCase() === 'false') {
      if (!people.test(path) && !peopleAt.some(matches)) return { caller: 'anyone' }
      const what = `secured="false" on ${path} opens users or groups to everybody; here a user has to be identified`
      this.#tell('tightened', resource, what, 'There is no switch for it.')
    }
    if (handlers !== undefined && handlers.value.trim() !== '') {
      this.#tell('tightened', resource, `allowed-auth-handlers of ${path} are not carried: the administrator alone may`)
      return { permissions: [everything] }
    }
    if (attributes.get('cross-tenant')?.value.toLowerCase() !== 'true') return { permissions }
    this.#tell(
      'tightened',
      resource,
      `cross-tenant on ${path}: only administrators of the first tenant come to another`,
    )
    return { permissions, crossTenant: 'default-tenant-admin' }
  }

  #permissions(resource: XmlElement): string[] {
    const listed = textOf(child(resource, 'Permissions'))
    const names = split(listed?.value ?? '')
    const wrong = names.find(name => !/^\/permission(?:\/[A-Za-z0-9 _.@-]{1,100}){0,20}$/.test(name))
    if (wrong !== undefined) {
      this.#tell('tightened', listed!, `${JSON.stringify(wrong)} is no permission: the administrator alone may`)
      return [everything]
    }
    const scopes = textOf(child(resource, 'Scopes'))
    if (names.length === 0 && scopes !== undefined) {
      const what = `the scopes ${scopes.value} are for tokens, which there are none of here: the administrator alone may`
      this.#tell('tightened', scopes, what, 'Name permissions beside them.')
      return [everything]
    }
    return names
  }

  #tell(severity: 'warning' | 'tightened', place: XmlElement | XmlValue, what: string, remedy?: string): void {
    this.#home.findings.add(severity, place, what, remedy)
  }
}

/** undefined: every method. An empty list: none that there is, so that the rule matches nothing, as in the original. */
function methodsOf(text: string): string[] | undefined {
  const methods = split(text)
  if (methods.some(method => method.toLowerCase() === 'all')) return undefined
  return methods.filter(method => /^[A-Za-z]{1,20}$/.test(method)).slice(0, 20)
}

function split(list: string): string[] {
  return list
    .split(',')
    .map(each => each.trim())
    .filter(Boolean)
}

/** What is at these paths is about people, and a pattern with one of these words may be. */
const people = /users|groups|\/me\b|bulk|search/i
const peopleAt = ['', '/t/example.org'].flatMap(tenant =>
  ['Users', 'Users/1', 'Users/.search', 'Groups', 'Groups/1', 'Groups/.search', 'Me', 'Bulk', '.search'].map(
    name => `${tenant}/scim2/${name}`,
  ),
)

/**
 * Two plain segments of a path, one after the other, that no path of SCIM has: after `/scim2/`, `Users` and the like stands one segment
 * at most, and before it `/t/TENANT` at most. Anything else is kept, even when it is for nothing.
 */
function isElsewhere(path: string): boolean {
  const [, first = '', second = ''] = /^(?:\(\.\*\)|\.\*)?\/([A-Za-z0-9_-]+)\/([A-Za-z0-9_-]+)/.exec(path) ?? []
  return first !== '' && !ours.has(first) && second !== '' && !ours.has(second)
}

const ours = new Set([
  't',
  'scim2',
  'Users',
  'Groups',
  'Me',
  'Bulk',
  'ServiceProviderConfig',
  'ResourceTypes',
  'Schemas',
])
