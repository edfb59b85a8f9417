import type { Transaction } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'
import { type Count, expiryOf, type Rule } from './count.ts'

/** Where something is counted. */
export interface Bucket extends Row {
  readonly rule: Rule
}

interface Row {
  readonly key: string
  /** key of the user whom it is about, or empty */
  readonly subject: string
}

/** Some 40 MB. Whoever makes rows makes a hash for each two, so this is hours of guessing from ever new addresses. */
const maxRows = 200_000

export async function readCounts(
  transaction: Transaction<Schema>,
  keys: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, Count>> {
  const rows = await transaction
    .selectFrom('throttle')
    .select(['bucket', 'failures', 'counted', 'blocked_until as blockedUntil'])
    .where('bucket', 'in', keys)
    .where('expires', '>', now)
    .execute()
  return new Map(rows.map(({ bucket, ...count }) => [bucket, count]))
}

export function saveCount(transaction: Transaction<Schema>, bucket: Bucket, count: Count): Promise<void> {
  return save(transaction, bucket, count, expiryOf(count, bucket.rule))
}

/** A row that counts nothing: that it is there says something. */
export function saveMark(transaction: Transaction<Schema>, row: Row, now: number, expires: number): Promise<void> {
  return save(transaction, row, { failures: 0, counted: now, blockedUntil: 0 }, expires)
}

export async function removeCount(transaction: Transaction<Schema>, key: string): Promise<void> {
  await transaction.deleteFrom('throttle').where('bucket', '=', key).execute()
}

/** Everything that is counted of a user, at whatever address; marks stay. */
export async function removeCountsOf(transaction: Transaction<Schema>, subject: string): Promise<void> {
  await transaction.deleteFrom('throttle').where('subject', '=', subject).where('failures', '>', 0).execute()
}

/** Rows that mean nothing go; and of too many, those that would go soonest. */
export async function pruneRows(transaction: Transaction<Schema>, now: number): Promise<void> {
  await transaction.deleteFrom('throttle').where('expires', '<=', now).execute()
  const { rows } = await transaction
    .selectFrom('throttle')
    .select(({ fn }) => fn.countAll().as('rows'))
    .executeTakeFirstOrThrow()
  const excess = Number(rows) - maxRows
  if (excess <= 0) return
  await transaction
    .deleteFrom('throttle')
    .where('bucket', 'in', ({ selectFrom }) => selectFrom('throttle').select('bucket').orderBy('expires').limit(excess))
    .execute()
}

async function save(
  transaction: Transaction<Schema>,
  { key, subject }: Row,
  count: Count,
  expires: number,
): Promise<void> {
  const { failures, counted, blockedUntil } = count
  const values = { failures, counted, blocked_until: blockedUntil, expires }
  await transaction
    .insertInto('throttle')
    .values({ bucket: key, subject, ...values })
    .onConflict(conflict => conflict.column('bucket').doUpdateSet(values))
    .execute()
}
