import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { CodedError } from '../errors.ts'
import { selectEntries } from '../identity/trust/material.ts'
import { readKeyStoreFile } from '../pki/keystore/file.ts'
import { findEntry } from '../pki/keystore/keystore.ts'
import { writePem } from '../pki/x509/pem.ts'
import type { PostgresTls } from '../storage/postgres/postgres-options.ts'
import type { StorageOptions } from '../storage/storage.ts'
import { resolveSecret } from './secret.ts'
import type { KeyStoreOptions, TrustStoreOptions } from './stores.ts'
import type { UsersSection } from './users-section.ts'

interface Place {
  /** relative paths count from here */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Milliseconds for which a server that starts waits for its database. */
const patience = 30_000

/**
 * Where users live, with everything that is needed to open it. Throws ERR_CONFIG_INVALID, ERR_SECRET_UNAVAILABLE and what opening a key
 * store throws; none of them holds a secret.
 */
export async function readStorageOptions(users: UsersSection, place: Place): Promise<StorageOptions> {
  if (users.store === 'sqlite') return { kind: 'sqlite', file: resolve(place.folder, users.file) }
  const { schema, pool, tls, insecurePlaintext, insecureGoOnSeconds, url, password } = users.postgres
  const secret = (option: string | undefined) =>
    option === undefined ? undefined : resolveSecret(option, place.folder, place.env)
  const address = { ...users.postgres, ...(url === undefined ? {} : readUrl(secret(url)!)) }
  const { host, port, database, user } = address
  if (tls === undefined && !insecurePlaintext && !isLocal(host)) throw unprotected(host)
  return {
    kind: 'postgres',
    host,
    port,
    database,
    user,
    password: password === undefined ? (url === undefined ? undefined : address.password) : secret(password),
    schema,
    pool,
    tls: tls === undefined ? undefined : await readTls(tls, place),
    goOnFor: insecureGoOnSeconds * 1000,
    patience,
  }
}

interface Address {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
}

/** Parts that the URL leaves out stay as the other options have them. */
function readUrl(text: string): Partial<Address> {
  // Without its cause: the error of a URL quotes it, and a password with it.
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['postgres:', 'postgresql:'].includes(url.protocol)) throw invalidUrl('is none')
  const parameters = [...url.searchParams.keys()]
  if (parameters.some(name => name !== 'host')) throw invalidUrl('has parameters other than host')
  const host = url.searchParams.get('host') ?? decode(url.hostname).replace(/^\[(.*)\]$/, '$1')
  const database = decode(url.pathname.slice(1))
  return {
    ...(host === '' ? {} : { host }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(database === '' ? {} : { database }),
    ...(url.username === '' ? {} : { user: decode(url.username) }),
    password: url.password === '' ? undefined : decode(url.password),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidUrl('has a percent sign that stands for nothing')
  }
}

function invalidUrl(reason: string): CodedError {
  return new CodedError('ERR_CONFIG_INVALID', `the URL of the PostgreSQL server ${reason}`, {
    remedy: 'Write postgres://USER@HOST:PORT/DATABASE; how to reach it safely is said by users.postgres.tls.',
  })
}

function isLocal(host: string): boolean {
  if (host.startsWith('/') || host === 'localhost') return true
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1'
}

function unprotected(host: string): CodedError {
  return new CodedError(
    'ERR_CONFIG_INVALID',
    `the PostgreSQL server ${host} is on another machine, and nothing protects the way to it`,
    {
      remedy:
        'Name a tls.trustStore that holds the authority of the server, or set insecurePlaintext: true where the network itself is protected.',
    },
  )
}

async function readTls(
  { trustStore, keyStore }: NonNullable<UsersSection['postgres']['tls']>,
  place: Place,
): Promise<PostgresTls> {
  const authorities: string[] = []
  for (const options of trustStore) authorities.push(...(await readAuthorities(options, place)))
  if (authorities.length === 0) {
    throw new CodedError(
      'ERR_TRUST_EMPTY',
      'nobody can vouch for the PostgreSQL server: the trust store holds no certificate',
      {
        remedy: 'Import the authority of the server into it.',
      },
    )
  }
  return { authorities, ...(keyStore === undefined ? {} : await readOwnKey(keyStore, place)) }
}

async function readAuthorities({ file, password, aliases }: TrustStoreOptions, place: Place): Promise<string[]> {
  const { entries } = selectEntries({ name: file, store: await open(file, password, place) }, aliases).store
  return entries.flatMap(entry =>
    entry.kind === 'trusted-certificate' ? [writePem('CERTIFICATE', entry.certificate.raw)] : [],
  )
}

async function readOwnKey({ file, password, keyPassword, alias }: KeyStoreOptions, place: Place) {
  const secret = keyPassword === undefined ? undefined : resolveSecret(keyPassword, place.folder, place.env)
  const store = await open(file, password, place, secret)
  const entry = alias === undefined ? store.entries.find(each => each.kind === 'private-key') : findEntry(store, alias)
  if (entry?.kind !== 'private-key') {
    throw new CodedError(
      'ERR_KEYSTORE_NOT_A_KEY',
      `${file} holds no private key${alias === undefined ? '' : ` "${alias}"`}`,
      {
        remedy: 'Name the key store, and the alias, of the key for the PostgreSQL server.',
      },
    )
  }
  return {
    key: entry.privateKey(secret).export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: entry.chain.map(({ raw }) => writePem('CERTIFICATE', raw)).join(''),
  }
}

function open(file: string, password: string | undefined, { folder, env }: Place, keyPassword?: string) {
  return readKeyStoreFile(resolve(folder, file), {
    password: password === undefined ? undefined : resolveSecret(password, folder, env),
    keyPassword,
  })
}
