import { dirname } from 'node:path'
import type { z } from 'zod'
import { readConfig } from '../config/read.ts'
import { readCarbonState } from '../config/wso2/carbon-state.ts'
import type { ConfigurationPlace } from './configuration.ts'

/**
 * The sections of the configuration that concern a command: that another one is wrong must not keep anybody from locking a user. `files`
 * picks the paths that are used. Relative ones count from `folder`.
 */
export function readSections<S extends z.ZodType>(
  place: ConfigurationPlace,
  env: NodeJS.ProcessEnv,
  sections: S,
  files: (value: z.output<S>) => readonly string[],
): { readonly value: z.output<S>; readonly folder: string } {
  // The server's environment holds secrets that this command does not need: a variable that is missing here counts only where it is used.
  const lenient = new Proxy(env, { get: (known, name) => Reflect.get(known, name) ?? `\${${String(name)}}` })
  const read = (variables: NodeJS.ProcessEnv) => {
    if ('file' in place) return readConfig(place.file, sections, { env: variables }).value
    return readCarbonState(place.carbonHome, sections, { env: variables })
  }
  const value = read(lenient)
  if (files(value).some(file => file.includes('${'))) read(env)
  return { value, folder: 'file' in place ? dirname(place.file) : place.carbonHome }
}
