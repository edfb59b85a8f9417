import type { CarbonHome } from './carbon-home.ts'
import type { XmlValue } from './xml.ts'

/** The users that a parameter names, or `['*']`. A tenant other than the first one is not carried yet, and its users are left out. */
export function readUsers(home: CarbonHome, value: XmlValue, emailUserNames: boolean): readonly string[] {
  const names = value.value
    .split(',')
    .map(each => each.trim())
    .filter(Boolean)
  if (names.includes('*')) return ['*']
  const users = new Set<string>()
  for (const name of names) {
    const at = name.lastIndexOf('@')
    const tenant = at < 0 ? undefined : name.slice(at + 1).toLowerCase()
    if (tenant === undefined) users.add(name)
    else if (tenant === 'carbon.super') users.add(name.slice(0, at))
    else if (emailUserNames) users.add(name)
    else
      home.findings.add(
        'tightened',
        value,
        `${JSON.stringify(name)}: users of other tenants are not carried yet, and get in by no certificate`,
      )
  }
  if (users.size === 0)
    home.findings.add('warning', value, 'the list of users is empty, so it lets nobody in', 'Name users, or * for any.')
  return [...users]
}
