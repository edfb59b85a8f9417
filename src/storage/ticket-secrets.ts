import type { Storage } from './storage.ts'

/** Milliseconds after which a row that nobody changes goes: those who had its key have another by then. */
const longestKept = 30 * 24 * 3_600_000

/** Sealed secrets of session tickets, by the name of the key that they are sealed with. What stands in them is nothing to the database. */
export interface TicketSecrets {
  read(keyId: string): Promise<string | undefined>
  /** What `decide` puts in the place of what is kept, in one transaction; undefined leaves it. Answers what is kept then. */
  change(
    keyId: string,
    now: number,
    decide: (kept: string | undefined) => string | undefined,
  ): Promise<string | undefined>
}

export function createTicketSecrets({ early, change }: Pick<Storage, 'early' | 'change'>): TicketSecrets {
  const read = async (db: Storage['db'], keyId: string) => {
    const row = await db.selectFrom('ticket_secrets').select('sealed').where('key_id', '=', keyId).executeTakeFirst()
    return row?.sealed
  }
  return {
    read: keyId => read(early, keyId),
    change: (keyId, now, decide) =>
      change('tickets', async transaction => {
        const kept = await read(transaction, keyId)
        const sealed = decide(kept)
        if (sealed === undefined) return kept
        await transaction
          .deleteFrom('ticket_secrets')
          .where('changed', '<', now - longestKept)
          .execute()
        await transaction
          .insertInto('ticket_secrets')
          .values({ key_id: keyId, sealed, changed: now })
          .onConflict(conflict => conflict.column('key_id').doUpdateSet({ sealed, changed: now }))
          .execute()
        return sealed
      }),
  }
}
