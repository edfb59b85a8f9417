import type { Comparison } from './filter.ts'

/** Whether two values compare so; both are of one type, and text is folded where its case does not count. */
export function compares<T extends string | number>(comparison: Comparison, left: T, right: T): boolean {
  switch (comparison) {
    case 'eq':
      return left === right
    case 'ne':
      return left !== right
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
    case 'co':
      return String(left).includes(String(right))
    case 'sw':
      return String(left).startsWith(String(right))
    case 'ew':
      return String(left).endsWith(String(right))
  }
}
