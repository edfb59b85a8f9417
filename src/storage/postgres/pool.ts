import pg from 'pg'
import { checkPrimary, clientConfig } from './client-config.ts'
import type { PostgresOptions } from './postgres-options.ts'

/** Milliseconds after which a connection that nobody needs is closed, and seconds after which each one is, so that none grows old. */
const idleTimeout = 60_000
const longestLife = 3_600

/** Connections to the primary, made when they are needed. */
export interface Pool {
  acquire(): Promise<pg.PoolClient>
  /** Cuts every connection, whatever goes on over it: the next ones are new. */
  cut(): void
  close(): Promise<void>
}

export function createPool(options: PostgresOptions): Pool {
  let present = open(options)
  return {
    acquire: () => present.pool.connect(),
    cut() {
      const before = present
      present = open(options)
      void before.close()
    },
    close: () => present.close(),
  }
}

function open(options: PostgresOptions) {
  const clients = new Set<pg.PoolClient>()
  const pool = new pg.Pool({
    ...clientConfig(options),
    max: options.pool,
    idleTimeoutMillis: idleTimeout,
    maxLifetimeSeconds: longestLife,
    onConnect: checkPrimary,
  })
  pool.on('connect', client => {
    clients.add(client)
    // One that breaks while somebody has it is told to them by their query; without a listener it would end the process.
    client.on('error', () => {})
  })
  pool.on('remove', client => void clients.delete(client))
  pool.on('error', () => {})
  return {
    pool,
    async close() {
      const ended = pool.end()
      await Promise.race([ended, new Promise(resolve => setTimeout(resolve, 100))])
      await Promise.allSettled([...clients].map(client => endNow(client)))
      await ended
    },
  }
}

// A connection that is in the middle of a query is cut; the query fails.
function endNow(client: pg.PoolClient): Promise<void> {
  return (client as unknown as pg.Client).end()
}
