import { type ReadConfig, readConfig, readOptions, type Surroundings } from './read.ts'
import { type Configuration, configurationSchema, type UnreadConfiguration } from './schema.ts'

/** A configuration whose text is right; whether the files that it names are is for `openMaterial`. */
export interface LoadedConfiguration extends ReadConfig<Configuration>, Surroundings {
  /** sentences for the administrator about the configuration itself */
  readonly warnings: readonly string[]
  /** absolute paths of further files that it was read from */
  readonly sources?: readonly string[]
  /** Reads it again from where it came. Throws like the first time. */
  again(): LoadedConfiguration | Promise<LoadedConfiguration>
}

/** Throws ConfigError with all problems at once, or ERR_CONFIG_UNREADABLE. */
export function loadConfiguration(file: string, surroundings: Surroundings): LoadedConfiguration {
  const again = () => loadConfiguration(file, surroundings)
  return { env: surroundings.env, ...readConfig(file, configurationSchema, surroundings), warnings: [], again }
}

/** A configuration that a program gives as values; relative paths in it count from `folder`. Throws ConfigError. */
export function loadOptions(
  options: UnreadConfiguration,
  folder: string,
  surroundings: Surroundings,
): LoadedConfiguration {
  const again = () => loadOptions(options, folder, surroundings)
  return { env: surroundings.env, ...readOptions(options, folder, configurationSchema), warnings: [], again }
}
