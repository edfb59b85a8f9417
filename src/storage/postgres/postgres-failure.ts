import { CodedError } from '../../errors.ts'
import { standbyCode } from './client-config.ts'

/** What pg throws: `code` is an SQLSTATE (PostgreSQL's manual, appendix A), or one of the system or of OpenSSL. */
type PostgresError = Error & { readonly code?: string; readonly severity?: string }

/** The coded error for a failure of the server, the network or the account; anything else (a mistake in a query) as it is. */
export function postgresFailure(error: unknown, name: string): unknown {
  if (error instanceof CodedError || !(error instanceof Error)) return error
  const found = known.find(({ matches }) => matches(error))
  if (found === undefined) return error
  return new CodedError(found.code, `${name} ${found.what}: ${error.message}`, { remedy: found.remedy, cause: error })
}

/** For whoever is turned away while nothing can be relied on. */
export function unreachable(name: string, cause: unknown): CodedError {
  const { code, remedy } = unreachableKind
  const why = cause instanceof CodedError ? cause.message : `${name} does not answer`
  return new CodedError(code, why, { remedy, cause })
}

interface Kind {
  readonly code: `ERR_${string}`
  readonly what: string
  readonly remedy: string
  matches(error: PostgresError): boolean
}

const codes =
  (...prefixes: readonly string[]) =>
  ({ code = '' }: PostgresError) =>
    prefixes.some(prefix => code.startsWith(prefix))

/** What the driver itself throws has no code. */
function says({ code, message }: PostgresError, text: RegExp): boolean {
  return code === undefined && text.test(message)
}

const unreachableKind: Kind = {
  code: 'ERR_STORAGE_UNREACHABLE',
  what: 'cannot be reached',
  remedy:
    'Check that the server runs, and the way to it. It is tried again by itself; until then requests that need it are answered 503.',
  // 08: connection; 57P0x: the server shuts down or starts; 53300: it has no connection left; a standby, until it is the primary.
  matches: error =>
    codes(
      '08',
      '57P0',
      '53300',
      standbyCode,
      'ECONN',
      'ETIMEDOUT',
      'EHOST',
      'ENETUNREACH',
      'ENOENT',
      'EPIPE',
      'EAI_AGAIN',
      'ENOTFOUND',
    )(error) ||
    says(error, /^(?:Connection terminated|timeout ex|Client (?:has encountered|was closed)|Cannot use a pool after)/),
}

const known: readonly Kind[] = [
  {
    code: 'ERR_STORAGE_LOGIN',
    what: 'does not let us in',
    remedy: 'Check users.postgres: user, password and database, and the pg_hba.conf of the server.',
    matches: error => codes('28', '3D000')(error) || says(error, /^SASL|client password must be/),
  },
  {
    code: 'ERR_STORAGE_TLS',
    what: 'cannot be reached over TLS',
    remedy:
      'Check users.postgres.tls: the trust store must hold the authority of the server, whose certificate must name the host.',
    matches: error =>
      /^(?:ERR_(?:TLS|SSL)_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_)/.test(error.code ?? '') ||
      says(error, /does not support SSL|certificate/),
  },
  unreachableKind,
  {
    code: 'ERR_STORAGE_UNWRITABLE',
    what: 'refuses what is needed',
    remedy: 'The user needs all rights on its schema, and CREATE on the database to make it the first time.',
    matches: codes('42501'),
  },
  {
    code: 'ERR_STORAGE_FULL',
    what: 'cannot grow',
    remedy: 'Make room on the disk of the server. Nothing that was stored is lost.',
    matches: codes('53100'),
  },
  {
    code: 'ERR_STORAGE_LOCKED',
    what: 'is busy with others for too long',
    remedy: 'Find the session that keeps a transaction open (pg_stat_activity), and end it.',
    matches: codes('57014', '55P03', '40', '53', '57P05', '25P0'),
  },
  {
    code: 'ERR_STORAGE_DAMAGED',
    what: 'is damaged, or a disk of the server is',
    remedy: "Look into the server's log, and restore a copy.",
    matches: codes('58', 'XX00'),
  },
]
