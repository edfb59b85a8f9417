import type { Filter } from '../../../identity/users/directory.ts'

/** A filter of the directory, or what is known before anything is looked at. */
export type Condition = Filter | boolean

export function all(conditions: readonly Condition[]): Condition {
  const open = conditions.filter(each => typeof each !== 'boolean')
  if (conditions.includes(false)) return false
  return open.length === 0 ? true : open.length === 1 ? open[0]! : { op: 'and', of: open }
}

export function any(conditions: readonly Condition[]): Condition {
  const open = conditions.filter(each => typeof each !== 'boolean')
  if (conditions.includes(true)) return true
  return open.length === 0 ? false : open.length === 1 ? open[0]! : { op: 'or', of: open }
}

export function not(condition: Condition): Condition {
  return typeof condition === 'boolean' ? !condition : { op: 'not', of: condition }
}

/** For `Search.filter`. */
export function filterOf(condition: Condition): Filter | undefined {
  if (typeof condition !== 'boolean') return condition
  return condition ? undefined : { op: 'or', of: [] }
}
