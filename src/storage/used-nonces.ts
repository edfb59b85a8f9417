import type { Storage } from './storage.ts'

/** What was used once, in whichever process. */
export interface UsedNonces {
  /** Notes it until then; false: it was noted before. Times in milliseconds. */
  note(nonce: string, now: number, until: number): Promise<boolean>
}

const pruneEvery = 60_000

export function createUsedNonces({ write }: Pick<Storage, 'write'>): UsedNonces {
  let pruned = Number.NEGATIVE_INFINITY
  return {
    note: (nonce, now, until) =>
      write(async transaction => {
        if (Math.abs(now - pruned) >= pruneEvery) {
          pruned = now
          await transaction.deleteFrom('used_nonces').where('expires', '<=', now).execute()
        }
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('used_nonces')
          .values({ nonce, expires: until })
          .onConflict(conflict => conflict.column('nonce').doNothing())
          .executeTakeFirst()
        return numInsertedOrUpdatedRows === 1n
      }),
  }
}
