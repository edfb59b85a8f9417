import { CodedError } from '../../errors.ts'

/** What node:sqlite throws: `errcode` is SQLite's result code, its kind in the low byte (https://www.sqlite.org/rescode.html). */
interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR'
  readonly errcode: number
}

const kinds = { busy: 5, locked: 6, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 }

/** Whether another process has the lock that was needed. */
export function isBusy(error: unknown): boolean {
  return kindOf(error) === kinds.busy
}

/** The coded error for a failure of SQLite or of the file; anything else (a mistake in a query) as it is. */
export function storageFailure(error: unknown, file: string): unknown {
  const found = known.find(each => each.kinds.includes(kindOf(error) ?? -1) || each.system?.includes(systemCode(error)))
  if (found === undefined) return error
  return new CodedError(found.code, `${file} ${found.what}`, { remedy: found.remedy, cause: error })
}

const known: readonly {
  readonly code: `ERR_${string}`
  readonly kinds: readonly number[]
  readonly system?: readonly (string | undefined)[]
  readonly what: string
  readonly remedy: string
}[] = [
  {
    code: 'ERR_STORAGE_LOCKED',
    kinds: [kinds.busy, kinds.locked],
    what: 'is locked by another process',
    remedy: 'Find the program that keeps a transaction open on the file (a database shell, a backup), and end it.',
  },
  {
    code: 'ERR_STORAGE_UNWRITABLE',
    kinds: [kinds.readOnly, kinds.cannotOpen],
    system: ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST'],
    what: 'cannot be opened for writing',
    remedy:
      'Check the path, and that this user may write the file and its folder (SQLite keeps two more files beside it).',
  },
  {
    code: 'ERR_STORAGE_FULL',
    kinds: [kinds.full],
    system: ['ENOSPC', 'EDQUOT'],
    what: 'cannot grow: the disk is full',
    remedy: 'Make room on the file system. Nothing that was stored is lost.',
  },
  {
    code: 'ERR_STORAGE_DAMAGED',
    kinds: [kinds.corrupt, kinds.notADatabase],
    what: 'is damaged, or no SQLite database',
    remedy: 'Restore the file from a copy. `sqlite3 FILE .recover` may save what is left of a damaged one.',
  },
  {
    code: 'ERR_STORAGE_IO',
    kinds: [kinds.io],
    what: 'cannot be read or written',
    remedy:
      'Look for disk errors in the system log. A network file system cannot hold the file: move it to a local disk.',
  },
]

function kindOf(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as Partial<SqliteError>
  return code === 'ERR_SQLITE_ERROR' && errcode !== undefined ? errcode & 0xff : undefined
}

function systemCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.syscall === undefined
    ? undefined
    : (error as NodeJS.ErrnoException).code
}
