import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { isBusy, storageFailure } from './storage-failure.ts'

/** Milliseconds to wait for another process's transaction. They are short: nobody holds one over a hash or an answer. */
const patience = 5_000

/** Milliseconds of queries after which everybody else gets a turn. */
const longestTurn = 5

/** Statements kept ready; the queries of all rooms are far fewer. */
const maxStatements = 200

/** Kysely over node:sqlite: one connection, which kysely hands to one transaction or query at a time. */
export function sqliteDialect(database: DatabaseSync, file: string): Dialect {
  return {
    createDriver: () => new SqliteDriver(new SqliteConnection(database, file)),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: db => new SqliteIntrospector(db),
  }
}

class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection
  #turnBegan: number | undefined

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  async init() {}
  // Queries are done when they are called, so a thousand that wait for one another would follow each other without the event loop
  // coming round to anything else.
  async acquireConnection() {
    if (this.#turnBegan === undefined) {
      this.#turnBegan = performance.now()
      setImmediate(() => {
        this.#turnBegan = undefined
      })
    } else if (performance.now() - this.#turnBegan > longestTurn) await nextTurn()
    return this.#connection
  }
  // Immediate: a transaction that begins by reading and then finds somebody else writing would fail in its middle.
  async beginTransaction() {
    await this.#connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
  async commitTransaction() {
    await this.#connection.executeQuery(CompiledQuery.raw('commit'))
  }
  async rollbackTransaction() {
    await this.#connection.rollback()
  }
  async releaseConnection() {}
  async destroy() {
    this.#connection.close()
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
  }

  /**
   * node:sqlite works in the thread of the event loop, so SQLite's own waiting for locks would stop every request. Here it waits
   * between attempts instead. Inside a transaction nothing has to be waited for.
   */
  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const deadline = Date.now() + patience
    for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
      try {
        return this.#execute(sql, parameters as readonly SQLInputValue[])
      } catch (error) {
        if (!isBusy(error) || this.#database.isTransaction || Date.now() > deadline)
          throw storageFailure(error, this.#file)
      }
      await sleep(pause)
    }
  }

  // biome-ignore lint/correctness/useYield: nobody streams
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('streaming is not supported: read by pages')
  }

  // SQLite has rolled back by itself after some failures (a full disk); a second rollback would hide the first error.
  async rollback() {
    if (this.#database.isTransaction) this.#database.exec('rollback')
  }

  close() {
    this.#statements.clear()
    this.#database.close()
  }

  #execute<R>(sql: string, parameters: readonly SQLInputValue[]): QueryResult<R> {
    const statement = this.#prepare(sql)
    if (statement.columns().length > 0) return { rows: statement.all(...parameters) as R[] }
    const { changes } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes) }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    if (this.#statements.size >= maxStatements) this.#statements.clear()
    this.#statements.set(sql, statement)
    return statement
  }
}
