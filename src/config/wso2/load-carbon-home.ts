import { join, resolve } from 'node:path'
import type { LoadedConfiguration } from '../load.ts'
import { ConfigError, pathText, type Surroundings } from '../read.ts'
import { configurationSchema } from '../schema.ts'
import { type CarbonConfiguration, carbonConfiguration } from './carbon-configuration.ts'
import { homeFiles } from './carbon-home.ts'
import { configProblemOf, findingText } from './finding.ts'

/** A home as a configuration that can be served. */
export interface LoadedCarbonHome extends LoadedConfiguration {
  readonly carbon: CarbonConfiguration
}

/** Throws ConfigError with everything that cannot be read safely, or ERR_CARBON_HOME. Reads the home again when it is reloaded. */
export async function loadCarbonHome(home: string, { env }: Surroundings): Promise<LoadedCarbonHome> {
  const folder = resolve(home)
  const carbon = await carbonConfiguration(folder, env)
  const { configuration, findings, secrets } = carbon
  const problems = findings.filter(({ severity }) => severity === 'error').map(configProblemOf)
  if (problems.length > 0) throw new ConfigError(folder, problems)
  const parsed = configurationSchema.safeParse(configuration)
  if (!parsed.success)
    throw new ConfigError(
      folder,
      parsed.error.issues.map(({ path, message }) => ({
        path: pathText(path),
        line: undefined,
        message,
        hint: 'docs/wso2.md says which setting this comes from.',
      })),
    )
  return {
    file: folder,
    folder,
    value: parsed.data,
    lineOf: () => undefined,
    env: { ...env, ...Object.fromEntries(secrets) },
    warnings: findings.filter(({ severity }) => severity !== 'ignored').map(findingText),
    sources: Object.values(homeFiles).map(name => join(folder, name)),
    again: () => loadCarbonHome(folder, { env }),
    carbon,
  }
}
