import { type ReadConfig, readConfig, type Surroundings } from './read.ts'
import { type Configuration, configurationSchema } from './schema.ts'

/** A configuration whose text is right; whether the files that it names are is for `openMaterial`. */
export interface LoadedConfiguration extends ReadConfig<Configuration>, Surroundings {}

/** Throws ConfigError with all problems at once, or ERR_CONFIG_UNREADABLE. */
export function loadConfiguration(file: string, surroundings: Surroundings): LoadedConfiguration {
  // Surroundings first: on a reload they are the configuration of before.
  return { ...surroundings, ...readConfig(file, configurationSchema, surroundings) }
}
