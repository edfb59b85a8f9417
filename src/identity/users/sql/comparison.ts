import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { CodedError } from '../../../errors.ts'
import { fold, lookupOf } from '../../../storage/fold.ts'
import { isStorable } from '../../../storage/storable.ts'
import type { Comparison } from '../directory.ts'

export type Condition = RawBuilder<SqlBool>
/** a column */
export type Reference = RawBuilder<unknown>

export const always: Condition = sql<SqlBool>`1 = 1`
export const never: Condition = sql<SqlBool>`1 = 0`

/** Where a text stands: as it is, folded, and the indexed beginning of the folded, where there is such a column. */
export interface TextColumns {
  readonly exact: Reference
  readonly folded: Reference
  readonly lookup?: Reference
}

/**
 * One comparison of text. The operators are those that SQLite and PostgreSQL take in the same way: LIKE would compare without case in
 * one and with case in the other, and has wildcards to escape. In all comparisons but `ne`, text that cannot be stored is met by none.
 */
export function compareText(
  columns: TextColumns,
  comparison: Comparison,
  value: string | number | boolean,
  caseExact: boolean,
): Condition {
  const text = String(value).normalize('NFC')
  if (!isStorable(text)) return comparison === 'ne' ? always : never
  const folded = fold(text)
  const [column, wanted] = caseExact ? [columns.exact, text] : [columns.folded, folded]
  const length = Array.from(wanted).length
  switch (comparison) {
    case 'eq':
      return columns.lookup === undefined
        ? sql`${column} = ${wanted}`
        : sql`(${columns.lookup} = ${lookupOf(folded)} and ${column} = ${wanted})`
    case 'ne':
      return sql`${column} <> ${wanted}`
    case 'co':
      // What is left when all of it is taken out differs where it was there.
      return wanted === '' ? always : sql`replace(${column}, ${wanted}, '') <> ${column}`
    case 'sw':
      return sql`(${startsLike(columns, folded)} and substr(${column}, 1, ${length}) = ${wanted})`
    case 'ew':
      return sql`(length(${column}) >= ${length} and substr(${column}, length(${column}) - ${length} + 1) = ${wanted})`
    case 'gt':
      return sql`${column} > ${wanted}`
    case 'ge':
      return sql`${column} >= ${wanted}`
    case 'lt':
      return sql`${column} < ${wanted}`
    case 'le':
      return sql`${column} <= ${wanted}`
  }
}

/** One comparison of a time, in milliseconds since the epoch; a string is read as a date. Throws ERR_SEARCH_INVALID. */
export function compareTime(column: Reference, comparison: Comparison, value: string | number | boolean): Condition {
  const time = typeof value === 'string' ? Date.parse(value) : Number(value)
  if (typeof value === 'boolean' || !Number.isSafeInteger(time)) throw invalidSearch('a time is compared with no time')
  switch (comparison) {
    case 'eq':
      return sql`${column} = ${time}`
    case 'ne':
      return sql`${column} <> ${time}`
    case 'gt':
      return sql`${column} > ${time}`
    case 'ge':
      return sql`${column} >= ${time}`
    case 'lt':
      return sql`${column} < ${time}`
    case 'le':
      return sql`${column} <= ${time}`
    default:
      throw invalidSearch('a time has no text to look into')
  }
}

export function invalidSearch(reason: string): CodedError {
  return new CodedError('ERR_SEARCH_INVALID', `the search makes no sense: ${reason}`, {
    remedy: 'Change the filter or the order.',
  })
}

// A range that an index serves; U+10FFFF is no character, so nothing that is stored comes after it.
function startsLike({ folded, lookup = folded }: TextColumns, beginning: string): Condition {
  const from = lookupOf(beginning)
  return sql`${lookup} >= ${from} and ${lookup} < ${`${from}\u{10ffff}`}`
}
