import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { readConfig } from '../config/read.ts'
import { CodedError } from '../errors.ts'
import { usersOptions } from '../identity/users/options.ts'
import { createPasswordHasher } from '../identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../identity/users/sql-user-store.ts'
import type { UserStore } from '../identity/users/user.ts'
import { silentLog } from '../log.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { auditOptions } from '../telemetry/audit/options.ts'
import type { Context } from './command.ts'
import { type ConfigurationPlace, locateConfiguration } from './configuration.ts'

export interface Administration {
  readonly storage: Storage
  readonly users: UserStore
  /** Appends an audit record (`user-changed`), in the name of whoever runs the command. It is on disk when `administer` is done. */
  record(kind: string, fields: Readonly<Record<string, string>>): void
}

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
  const { users: options, audit: auditing, folder } = readSections(locateConfiguration(ctx), ctx.env)
  const auditFile = mode === 'changes' && auditing.enabled ? resolve(folder, auditing.file) : undefined
  const audit = auditFile === undefined ? undefined : await openAudit(auditFile, ctx)
  try {
    const storage = await openStorage({ kind: options.store, file: resolve(folder, options.file) })
    try {
      const users = createSqlUserStore({ storage, hasher: createPasswordHasher(), clock: ctx.clock })
      const actor = operatingUser()
      return await work({ storage, users, record: (kind, fields) => audit?.append(kind, { actor, ...fields }) })
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

/** The sections that concern these commands; that another one is wrong must not keep anybody from locking a user. */
const sections = z.looseObject({ users: usersOptions, audit: auditOptions.prefault({}) })

function readSections(place: ConfigurationPlace, env: NodeJS.ProcessEnv) {
  if ('carbonHome' in place) {
    throw new CodedError('ERR_CLI_USAGE', 'this command does not read a Carbon home', {
      remedy: 'Pass --config FILE with the configuration that `countersign migrate` writes.',
    })
  }
  // The server's environment holds secrets that this command does not need: a variable that is missing here counts only where it is used.
  const lenient = new Proxy(env, { get: (known, name) => Reflect.get(known, name) ?? `\${${String(name)}}` })
  const { value } = readConfig(place.file, sections, { env: lenient })
  if (`${value.users.file}${value.audit.file}`.includes('${')) readConfig(place.file, sections, { env })
  return { ...value, folder: dirname(place.file) }
}
