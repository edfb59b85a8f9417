import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type pg from 'pg'
import type { CodedError } from '../../errors.ts'
import type { Pool } from './pool.ts'
import { postgresFailure } from './postgres-failure.ts'

export interface PostgresDialectSource {
  readonly pool: Pool
  /** of the database, for errors */
  readonly name: string
  /** why nothing may be asked at present, or what has to be waited for first */
  gate(): CodedError | Promise<unknown> | undefined
}

/** Kysely over pg. The pool is not the dialect's to close. */
export function postgresDialect(source: PostgresDialectSource): Dialect {
  return {
    createDriver: () => new PostgresDriver(source),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: db => new PostgresIntrospector(db),
  }
}

class PostgresDriver implements Driver {
  readonly #source: PostgresDialectSource

  constructor(source: PostgresDialectSource) {
    this.#source = source
  }

  async init() {}
  async acquireConnection() {
    const { pool, name, gate } = this.#source
    for (let shut = gate(); shut !== undefined; shut = gate()) {
      if (!(shut instanceof Promise)) throw shut
      await shut
    }
    try {
      return new PostgresConnection(await pool.acquire(), name)
    } catch (error) {
      throw postgresFailure(error, name)
    }
  }
  async beginTransaction(connection: PostgresConnection) {
    await connection.executeQuery(CompiledQuery.raw('begin'))
  }
  async commitTransaction(connection: PostgresConnection) {
    await connection.commit()
  }
  async rollbackTransaction(connection: PostgresConnection) {
    await connection.rollback()
  }
  async releaseConnection(connection: PostgresConnection) {
    connection.release()
  }
  async destroy() {}
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #name: string
  #broken = false

  constructor(client: pg.PoolClient, name: string) {
    this.#client = client
    this.#name = name
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const { rows, rowCount, command } = await this.#client.query(sql, [...parameters])
      const affects = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
      return { rows: (rows ?? []) as R[], ...(affects && { numAffectedRows: BigInt(rowCount ?? 0) }) }
    } catch (error) {
      throw postgresFailure(error, this.#name)
    }
  }

  // biome-ignore lint/correctness/useYield: nobody streams
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('streaming is not supported: read by pages')
  }

  // A transaction in which something failed that nobody told is not committed, and PostgreSQL says so in this way only.
  async commit() {
    try {
      const { command } = await this.#client.query('commit')
      if (command === 'COMMIT') return
    } catch (error) {
      throw postgresFailure(error, this.#name)
    }
    throw new Error('the transaction was rolled back instead of committed')
  }

  // The first error is the one to tell. A connection that cannot even roll back is not given to anybody else.
  async rollback() {
    try {
      await this.#client.query('rollback')
    } catch {
      this.#broken = true
    }
  }

  release() {
    this.#client.release(this.#broken)
  }
}
