import { isIP } from 'node:net'
import pg from 'pg'
import type { PostgresOptions } from './postgres-options.ts'

/** Milliseconds for a connection to come about. */
const connectTimeout = 2_000

/** Milliseconds after which the server gives a statement up: what we ask takes a few. */
const statementTimeout = 10_000

/** Everything is given, so that nothing is taken from the environment (PGPASSWORD, PGSSLMODE, ~/.pgpass). */
export function clientConfig(options: PostgresOptions): pg.ClientConfig {
  const { host, port, database, user, password, schema, tls } = options
  return {
    host,
    port,
    database,
    user,
    // A function is asked when the server wants one; text that is empty would be looked for in the environment.
    password: async () => password ?? '',
    ssl:
      tls === undefined
        ? false
        : {
            ca: [...tls.authorities],
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(isIP(host) === 0 ? { servername: host } : {}),
            minVersion: 'TLSv1.2',
            rejectUnauthorized: true,
          },
    application_name: 'countersign',
    options: `-c search_path=${schema}`,
    connectionTimeoutMillis: connectTimeout,
    statement_timeout: statementTimeout,
    keepAlive: true,
    types: { getTypeParser: parserOf },
  }
}

const int8 = 20

// Times in milliseconds, versions and counts: all of them below 2^53, so that both kinds of database give numbers.
function parserOf(oid: number, format?: 'text' | 'binary') {
  return oid === int8 ? Number : pg.types.getTypeParser(oid, format)
}

/** Throws when the server is a standby: what it knows may be old, and nothing can be written. */
export async function checkPrimary(client: Pick<pg.ClientBase, 'query'>): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
  if (rows[0]?.standby !== false) throw Object.assign(new Error('the server is a standby'), { code: standbyCode })
}

/** As PostgreSQL calls a server that takes no changes now. */
export const standbyCode = '25006'
