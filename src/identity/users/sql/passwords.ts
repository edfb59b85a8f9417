import type { Transaction } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'

/** Sets the password of the user, whether there was one or not. */
export async function storeSecret(
  transaction: Transaction<Schema>,
  userId: string,
  secret: string,
  now: number,
): Promise<void> {
  await transaction
    .insertInto('credentials')
    .values({ user_id: userId, kind: 'password', secret, changed: now })
    .onConflict(conflict => conflict.columns(['user_id', 'kind']).doUpdateSet({ secret, changed: now }))
    .execute()
}
