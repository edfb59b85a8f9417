import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { ConfigError, pathText, type Surroundings } from '../read.ts'
import { CarbonHome, homeFiles, stateFolder } from './carbon-home.ts'
import { configProblemOf } from './finding.ts'
import { mergeSettings, readOwnSettings } from './own-settings.ts'

/**
 * Where users, bindings and the audit record are while Countersign serves from a home: all that a command about them needs to know, so that
 * a mistake in the product's own files keeps nobody from locking a user. The folder is made. Throws ERR_CARBON_HOME, or ConfigError for a
 * `countersign.yaml` of the home that cannot be read.
 */
export function readCarbonState<S extends z.ZodType>(folder: string, sections: S, { env }: Surroundings): z.output<S> {
  const home = new CarbonHome(resolve(folder), env)
  const own = readOwnSettings(home)
  const broken = home.findings.all.filter(({ severity }) => severity === 'error').map(configProblemOf)
  if (broken.length > 0) throw new ConfigError(home.folder, broken)
  const parsed = sections.safeParse(mergeSettings(stateOptions, own))
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({
      path: pathText(path),
      line: undefined,
      message,
      hint: `Mend ${homeFiles.own}: docs/configuration.md says what belongs there.`,
    }))
    throw new ConfigError(home.folder, problems)
  }
  mkdirSync(join(home.folder, stateFolder), { recursive: true, mode: 0o700 })
  return parsed.data
}

export const stateOptions = {
  users: { file: `${stateFolder}/countersign.db` },
  audit: { file: `${stateFolder}/audit.jsonl` },
  tickets: { secretFile: `${stateFolder}/ticket-secret.json` },
}

export const revocationFolder = `${stateFolder}/revocation`
