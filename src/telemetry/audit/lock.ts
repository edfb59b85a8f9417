import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A lock between processes that ends with its holder, however that ends: SQLite's lock on a file that stays empty. (A lock file with a
 * process id in it is left behind by a crash, and breaking it safely is harder than it looks; Node has no flock.)
 */
export class FileLock implements Disposable {
  readonly #database: DatabaseSync

  constructor(path: string) {
    // whoever may read the file may hold the lock
    closeSync(openSync(path, 'a', 0o600))
    this.#database = new DatabaseSync(path, { timeout: 0 })
  }

  /** Runs `work` while nobody else holds the lock. Throws the SQLite error when it is not free within `patience` milliseconds. */
  async hold<T>(work: () => Promise<T>, patience = 5_000): Promise<T> {
    const deadline = performance.now() + patience
    for (;;) {
      try {
        // nothing is ever written, so nothing needs a journal file next to it
        this.#database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
        break
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== busy || performance.now() > deadline) throw error
        await sleep(2 + Math.random() * 10)
      }
    }
    try {
      return await work()
    } finally {
      this.#database.exec('ROLLBACK')
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

/** SQLITE_BUSY */
const busy = 5
