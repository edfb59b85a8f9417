/** A database of a PostgreSQL server, and how to come to it. */
export interface PostgresOptions {
  readonly kind: 'postgres'
  /** name or address, or the folder of a Unix socket */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** undefined where the server asks for none */
  readonly password: string | undefined
  /** in which the tables are; made when it is not there. Lower-case letters, digits and underlines */
  readonly schema: string
  /** undefined: not encrypted */
  readonly tls: PostgresTls | undefined
  /** connections at a time, besides the one that watches for changes */
  readonly pool: number
  /** milliseconds for which what was read before goes on to count when the server cannot be reached, beyond the one second */
  readonly goOnFor: number
  /** milliseconds for which opening tries again while the server cannot be reached */
  readonly patience: number
}

export interface PostgresTls {
  /** PEM certificates of the authorities that may vouch for the server; no others do */
  readonly authorities: readonly string[]
  /** PEM: what we prove ourselves with, where the server asks for a certificate */
  readonly key?: string | undefined
  readonly certificate?: string | undefined
}

/** What errors and logs call it: without anything secret. */
export function nameOf({ host, port, database, schema }: PostgresOptions): string {
  const place = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`
  return `the database ${database} at ${place}${schema === database ? '' : ` (schema ${schema})`}`
}
