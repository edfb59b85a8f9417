import type { Kysely, Transaction } from 'kysely'
import type { CodedError } from '../errors.ts'
import type { PostgresOptions } from './postgres/postgres-options.ts'
import type { Area, Schema } from './schema.ts'

/** An open database with the present schema. Whatever fails in it throws a CodedError (docs/errors.md, storage). */
export interface Storage {
  readonly kind: StorageOptions['kind']
  /** for reading; writing goes through `change` and `write`. Throws ERR_STORAGE_UNREACHABLE while nothing can be relied on */
  readonly db: Kysely<Schema>
  /** the same for subscribers to changes who have to catch up before anybody else may read on */
  readonly early: Kysely<Schema>
  /**
   * Does `work` in one transaction and tells everyone who watches the area, in every process, that it changed. When the promise is
   * fulfilled, the change survives a power cut, and the subscribers in this process have been called. Changes of one area follow each
   * other, whichever process makes them: what `work` reads of the area stays so until its end.
   */
  change<T>(area: Area | readonly Area[], work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>
  /** One transaction that nobody is told of, and that a power cut (not a crash) may undo: counters. */
  write<T>(work: (transaction: Transaction<Schema>) => Promise<T>): Promise<T>
  readonly changes: Changes
  close(): Promise<void>
}

export interface Changes {
  /**
   * Calls `listener` after every change of the area: one made in this process before `Storage.change` is done, one made by another
   * within about 250 ms. Also while it cannot be told whether something changed, so that nobody relies on what was read before.
   * A listener that needs time to catch up answers a promise, and reads from `early`; `Storage.change` waits for it, so it must make no change itself.
   * The answer unsubscribes.
   */
  subscribe(area: Area, listener: ChangeListener): () => void
  /** Rises with every change of the area, whoever makes it; 0 before the first. As it was last read. */
  version(area: Area): number
  /** Calls `listener` once when watching begins to fail, for an alarm. The answer unsubscribes. */
  onFailure(listener: (error: CodedError) => void): () => void
  /** why changes cannot be watched at present */
  readonly failure: CodedError | undefined
}

export type ChangeListener = () => unknown

export type StorageOptions = SqliteOptions | PostgresOptions

export interface SqliteOptions {
  readonly kind: 'sqlite'
  /** made when it does not exist; readable by its owner only */
  readonly file: string
}
