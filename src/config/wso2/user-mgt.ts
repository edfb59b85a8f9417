import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { adminRole } from '../../identity/users/directory.ts'
import { type CarbonHome, homeFiles } from './carbon-home.ts'
import { stateOptions } from './carbon-state.ts'
import type { Place } from './finding.ts'
import { child, childrenNamed, elementsNamed, textOf, type XmlElement, type XmlValue } from './xml.ts'

/** What user-mgt.xml says that matters here. Users themselves are not read: they are in a database or directory of the product. */
export interface UserManagement {
  readonly maxListedUsers: number | undefined
  readonly maxListedRoles: number | undefined
}

export function readUserManagement(home: CarbonHome): UserManagement {
  const root = home.xml(homeFiles.users)
  if (root === undefined) return { maxListedUsers: undefined, maxListedRoles: undefined }
  const configuration = [...elementsNamed(root, 'Configuration')][0]
  const admin = [...elementsNamed(root, 'AdminUser')][0]
  const name = textOf(child(admin, 'UserName'))
  if (admin !== undefined && name !== undefined) reportAdministrator(home, admin, name)
  const role = textOf(child(configuration, 'AdminRole'))
  if (role !== undefined) reportAdministratorRole(home, role)
  const stores = [...elementsNamed(root, 'UserStoreManager')]
  for (const store of stores)
    reportUserStore(home, store, store.attributes.get('class')?.value.split('.').at(-1) ?? 'without a class')
  const [first] = stores
  return {
    maxListedUsers: limitOf(home, first, 'MaxUserNameListLength'),
    maxListedRoles: limitOf(home, first, 'MaxRoleNameListLength'),
  }
}

/**
 * The administrator is never made by itself: its password stands in the file, and is `admin` in every product as it comes. Told at start as
 * long as there is no user store.
 */
export function reportAdministrator(home: CarbonHome, place: Place, { value: name }: XmlValue): void {
  const safe = /^[\w.@-]+$/.test(name) ? name : JSON.stringify(name)
  const what = `the administrator ${name} is not made, and no password is taken over`
  const severity = existsSync(join(home.folder, stateOptions.users.file)) ? 'ignored' : 'warning'
  home.findings.add(
    severity,
    place,
    what,
    `countersign user add ${safe} --role ${adminRole} --carbon-home ${home.folder}`,
  )
}

export function reportAdministratorRole(home: CarbonHome, role: XmlValue): void {
  if (role.value === adminRole) return
  const what = `the role ${role.value} may do everything in the original; here the role ${adminRole} may`
  const remedy = `Give administrators the role ${adminRole}, or ${role.value} its permissions: \`countersign role permit\`.`
  home.findings.add('tightened', role, what, remedy)
}

export function reportUserStore(home: CarbonHome, place: Place, kind: string): void {
  const what = `the user store ${kind} is not read: users are in a store of Countersign's own`
  const remedy =
    'countersign user add, for each user that clients act as; or name another store under users: in repository/conf/countersign.yaml.'
  home.findings.add('ignored', place, what, remedy)
}

function limitOf(home: CarbonHome, store: XmlElement | undefined, name: string): number | undefined {
  const property = childrenNamed(store, 'Property').find(({ attributes }) => attributes.get('name')?.value === name)
  const limit = home.number(textOf(property))
  return limit === undefined ? undefined : Math.min(100_000, Math.max(1, limit))
}
