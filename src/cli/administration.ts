import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { readStorageOptions } from '../config/storage-options.ts'
import { usersSection } from '../config/users-section.ts'
import type { Directory } from '../identity/users/directory.ts'
import { createPasswordHasher } from '../identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../identity/users/sql/create-sql-directory.ts'
import { createSqlUserStore } from '../identity/users/sql-user-store.ts'
import { createThrottle, type Throttle, throttleRules } from '../identity/users/throttle/throttle.ts'
import type { UserStore } from '../identity/users/user.ts'
import { silentLog } from '../log.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import type { AuditKind } from '../telemetry/audit/kinds.ts'
import { auditOptions } from '../telemetry/audit/options.ts'
import type { Context } from './command.ts'
import { locateConfiguration } from './configuration.ts'
import { readSections } from './configuration-sections.ts'

export interface Administration {
  readonly storage: Storage
  readonly users: UserStore
  readonly directory: Directory
  readonly throttle: Throttle
  /** Appends an audit record (`user-changed`), in the name of whoever runs the command. It is on disk when `administer` is done. */
  record(kind: AuditKind, fields: Readonly<Record<string, string>>): void
}

/** Milliseconds for which a command waits for a PostgreSQL server that cannot be reached. */
const patience = 3_000

type AdministrationContext = Pick<Context, 'path' | 'env' | 'clock'> & {
  options: { config: string | undefined; carbonHome: string | undefined }
}

/**
 * Does `work` on the store that the configuration names, beside a running server or without one. `changes` says that it will be
 * recorded: an audit file that cannot be written stops it before anything has changed.
 */
export async function administer<T>(
  ctx: AdministrationContext,
  mode: 'reads' | 'changes',
  work: (administration: Administration) => Promise<T>,
): Promise<T> {
  const { value, folder } = readSections(locateConfiguration(ctx), ctx.env, sections, each => [
    each.users.store === 'sqlite' ? each.users.file : JSON.stringify(each.users.postgres),
    each.audit.file,
  ])
  const { users: options, audit: auditing } = value
  const auditFile = mode === 'changes' && auditing.enabled ? resolve(folder, auditing.file) : undefined
  const audit = auditFile === undefined ? undefined : await openAudit(auditFile, ctx)
  try {
    const where = await readStorageOptions(options, { folder, env: ctx.env })
    const storage = await openStorage(where.kind === 'postgres' ? { ...where, patience } : where)
    try {
      const hasher = createPasswordHasher()
      const users = createSqlUserStore({ storage, hasher, clock: ctx.clock })
      const actor = operatingUser()
      const throttle = createThrottle(storage, throttleRules(options.passwords), ctx.clock)
      return await work({
        storage,
        users,
        directory: createSqlDirectory({ storage, hasher, clock: ctx.clock }),
        throttle,
        record: (kind, fields) => audit?.append(kind, { actor, ...fields }),
      })
    } finally {
      await storage.close()
    }
  } finally {
    await audit?.[Symbol.asyncDispose]()
  }
}

/** Who runs the command, as the operating system calls them; in a container the number may have no name. */
function operatingUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

async function openAudit(file: string, { clock }: AdministrationContext) {
  const audit = await import('../telemetry/audit/audit.ts')
  return audit.openAudit({ file, clock, log: silentLog })
}

const sections = z.looseObject({ users: usersSection, audit: auditOptions.prefault({}) })
