import type { Kysely, Transaction } from 'kysely'
import { CodedError } from '../../../errors.ts'
import { fold, lookupOf } from '../../../storage/fold.ts'
import type { Schema } from '../../../storage/schema.ts'
import { isStorable } from '../../../storage/storable.ts'
import type { Attribute } from '../directory.ts'
import { chunks } from './chunks.ts'

/** Attributes of one user; UTF-16 units of a name, of a value, and of all together. */
const most = { count: 1000, name: 255, value: 64 * 1024, all: 256 * 1024 }

/** In the order in which they are kept: the values of one attribute together. Throws ERR_ATTRIBUTE_UNFIT. */
export function normalAttributes(attributes: readonly Attribute[]): Attribute[] {
  if (attributes.length > most.count) throw unfit('', `there are more than ${most.count} values`)
  const normal = attributes.map(({ name, value, parts }) => ({ name, value: value.normalize('NFC'), parts }))
  let all = 0
  for (const { name, value, parts = {} } of normal) {
    if (name === '' || name.length > most.name || !isStorable(name)) throw unfit(name, 'its name is empty or too long')
    for (const text of [value, ...Object.entries(parts).flat()]) {
      if (typeof text !== 'string') continue
      if (text.length > most.value || !isStorable(text)) throw unfit(name, 'a value is too long or no proper text')
      all += text.length
    }
    if (value === '') throw unfit(name, 'a value is empty')
  }
  if (all > most.all) throw unfit('', `there are more than ${most.all} characters`)
  return [...Map.groupBy(normal, ({ name }) => name).values()].flat()
}

/** Puts these in the place of all attributes of the user. */
export async function replaceAttributes(
  transaction: Transaction<Schema>,
  userId: string,
  attributes: readonly Attribute[],
): Promise<void> {
  await transaction.deleteFrom('user_attributes').where('user_id', '=', userId).execute()
  const rows = attributes.map(({ name, value }, position) => {
    const folded = fold(value)
    return { user_id: userId, position, name, value, folded, lookup: lookupOf(folded) }
  })
  for (const some of chunks(rows)) await transaction.insertInto('user_attributes').values(some).execute()
  const parts = attributes.flatMap(({ parts = {} }, position) =>
    Object.entries(parts).map(([part, value]) => {
      const kind = typeof value === 'boolean' ? ('boolean' as const) : ('text' as const)
      return { user_id: userId, position, part, kind, value: String(value), folded: fold(String(value)) }
    }),
  )
  for (const some of chunks(parts)) await transaction.insertInto('user_attribute_parts').values(some).execute()
}

/** The attributes of at most a page of users. */
export async function readAttributes(
  db: Kysely<Schema>,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Attribute[]>> {
  const found = new Map<string, Attribute[]>()
  if (userIds.length === 0) return found
  const rows = await db
    .selectFrom('user_attributes')
    .select(['user_id', 'position', 'name', 'value'])
    .where('user_id', 'in', userIds)
    .orderBy('user_id')
    .orderBy('position')
    .execute()
  const parts = await readParts(db, userIds)
  for (const { user_id: id, position, name, value } of rows) {
    const own = parts.get(`${id} ${position}`)
    const attribute = { name, value, ...(own === undefined ? {} : { parts: Object.fromEntries(own) }) }
    const list = found.get(id)
    if (list === undefined) found.set(id, [attribute])
    else list.push(attribute)
  }
  return found
}

async function readParts(
  db: Kysely<Schema>,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, [string, string | boolean][]>> {
  const rows = await db
    .selectFrom('user_attribute_parts')
    .select(['user_id', 'position', 'part', 'kind', 'value'])
    .where('user_id', 'in', userIds)
    .orderBy('part')
    .execute()
  const parts = new Map<string, [string, string | boolean][]>()
  for (const { user_id: id, position, part, kind, value } of rows) {
    const key = `${id} ${position}`
    const entry: [string, string | boolean] = [part, kind === 'boolean' ? value === 'true' : value]
    const list = parts.get(key)
    if (list === undefined) parts.set(key, [entry])
    else list.push(entry)
  }
  return parts
}

function unfit(name: string, reason: string): CodedError {
  const what = name === '' ? 'the attributes' : `the attribute ${JSON.stringify(name.slice(0, 80))}`
  return new CodedError('ERR_ATTRIBUTE_UNFIT', `${what} cannot be stored: ${reason}`, {
    remedy: `Give each attribute a name and a value; no more than ${most.count} values for one user, and no longer ones than ${most.value} characters.`,
  })
}
