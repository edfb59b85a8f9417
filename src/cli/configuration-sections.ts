import { dirname } from 'node:path'
import type { z } from 'zod'
import { readConfig } from '../config/read.ts'
import { carbonState } from '../config/wso2/carbon-state.ts'
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
  if ('carbonHome' in place) {
    const { carbonHome: folder } = place
    return { value: sections.parse(carbonState(folder)), folder }
  }
  // The server's environment holds secrets that this command does not need: a variable that is missing here counts only where it is used.
  const lenient = new Proxy(env, { get: (known, name) => Reflect.get(known, name) ?? `\${${String(name)}}` })
  const { value } = readConfig(place.file, sections, { env: lenient })
  if (files(value).some(file => file.includes('${'))) readConfig(place.file, sections, { env })
  return { value, folder: dirname(place.file) }
}
