import { sql } from 'kysely'
import { isStorable } from '../../../storage/storable.ts'
import type { Comparison, Field, Filter } from '../directory.ts'
import {
  always,
  type Condition,
  compareText,
  compareTime,
  invalidSearch,
  never,
  type Reference,
  type TextColumns,
} from './comparison.ts'

/** What is searched. */
export type Subject = 'users' | 'roles'

/** Parts of a filter in all: SQLite takes expressions of a depth of 1000, and every part looks at every row. */
const mostParts = 200

/** The filter as one condition on the rows of `users` or `roles`; every value of it is a bound parameter. Throws ERR_SEARCH_INVALID. */
export function conditionOf(subject: Subject, filter: Filter): Condition {
  let parts = 0

  function read(filter: Filter, inside: boolean): Condition {
    parts += 1
    if (parts > mostParts) throw invalidSearch(`it has more than ${mostParts} parts`)
    switch (filter.op) {
      case 'and':
      case 'or': {
        if (filter.of.length === 0) return filter.op === 'and' ? always : never
        const conditions = filter.of.map(each => read(each, inside))
        return sql`(${sql.join(conditions, filter.op === 'and' ? sql` and ` : sql` or `)})`
      }
      case 'not':
        return sql`not ${parenthesised(read(filter.of, inside))}`
      case 'present':
        return place(subject, filter.field, inside).some(always)
      case 'compare':
        return compared(place(subject, filter.field, inside), filter)
      case 'anyValue':
        if (subject !== 'users' || inside) throw invalidSearch('only users have attributes')
        return someAttribute(filter.attribute, read(filter.of, true))
    }
  }

  return parenthesised(read(filter, false))
}

type Compared = Extract<Filter, { op: 'compare' }>

/** Where a field stands. `some` says that one of its values meets a condition on `columns`. */
interface Place {
  readonly columns: TextColumns | { readonly time: Reference }
  some(condition: Condition): Condition
}

// RFC 7644 section 3.4.2.2: an attribute of several values meets what one of them meets. Of two things that differ, one may be missing.
function compared({ columns, some }: Place, { comparison, value, caseExact }: Compared): Condition {
  if ('time' in columns) return compareTime(columns.time, comparison, value)
  const test = (each: Comparison) => compareText(columns, each, value, caseExact)
  if (comparison !== 'ne') return some(test(comparison))
  return sql`(not ${parenthesised(some(always))} or ${some(test('ne'))})`
}

function place(subject: Subject, field: Field, inside: boolean): Place {
  if (inside) return placeInValue(field)
  switch (field.kind) {
    case 'id':
    case 'state':
      if (field.kind === 'state' && subject === 'roles') throw invalidSearch('roles have no state')
      return { columns: onlyColumn(sql.ref(`${subject}.${field.kind}`)), some: condition => condition }
    case 'name':
      return {
        columns: { exact: sql.ref(`${subject}.name`), folded: sql.ref(`${subject}.folded`) },
        some: condition => condition,
      }
    case 'created':
    case 'modified':
      return { columns: { time: sql.ref(`${subject}.${field.kind}`) }, some: condition => condition }
    case 'role-id':
    case 'role-name':
      if (subject === 'roles') throw invalidSearch('roles have no roles')
      return { columns: other('r', field.kind === 'role-id'), some: someRole }
    case 'member-id':
    case 'member-name':
      if (subject === 'users') throw invalidSearch('users have no members')
      return { columns: other('m', field.kind === 'member-id'), some: someMember }
    case 'attribute': {
      if (subject === 'roles') throw invalidSearch('roles have no attributes')
      const { name, part } = field
      if (part === undefined) return { columns: valueColumns, some: condition => someAttribute(name, condition) }
      return { columns: partColumns, some: condition => someAttribute(name, somePart(part, condition)) }
    }
    default:
      throw invalidSearch(`"${field.kind}" stands outside of a value`)
  }
}

function placeInValue(field: Field): Place {
  if (field.kind === 'value') return { columns: valueColumns, some: condition => condition }
  if (field.kind === 'part') return { columns: partColumns, some: condition => somePart(field.part, condition) }
  throw invalidSearch(`"${field.kind}" stands inside of a value`)
}

const valueColumns: TextColumns = {
  exact: sql.ref('a.value'),
  folded: sql.ref('a.folded'),
  lookup: sql.ref('a.lookup'),
}

const partColumns: TextColumns = { exact: sql.ref('p.value'), folded: sql.ref('p.folded') }

function onlyColumn(column: TextColumns['exact']): TextColumns {
  return { exact: column, folded: column }
}

function other(alias: 'r' | 'm', byId: boolean): TextColumns {
  if (byId) return onlyColumn(sql.ref(`${alias}.id`))
  return { exact: sql.ref(`${alias}.name`), folded: sql.ref(`${alias}.folded`) }
}

function someAttribute(name: string, condition: Condition): Condition {
  if (!isStorable(name)) return never
  return sql`exists (select 1 from user_attributes as a where a.user_id = users.id and a.name = ${name} and ${parenthesised(condition)})`
}

function somePart(part: string, condition: Condition): Condition {
  if (!isStorable(part)) return never
  return sql`exists (select 1 from user_attribute_parts as p where p.user_id = a.user_id and p.position = a.position and p.part = ${part} and ${parenthesised(condition)})`
}

function someRole(condition: Condition): Condition {
  return sql`exists (select 1 from user_roles as ur join roles as r on r.id = ur.role_id where ur.user_id = users.id and ${parenthesised(condition)})`
}

function someMember(condition: Condition): Condition {
  return sql`exists (select 1 from user_roles as ur join users as m on m.id = ur.user_id where ur.role_id = roles.id and ${parenthesised(condition)})`
}

function parenthesised(condition: Condition): Condition {
  return sql`(${condition})`
}
