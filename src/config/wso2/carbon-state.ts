import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkCarbonHome, stateFolder } from './carbon-home.ts'

/**
 * Where users, bindings and the audit record are while Countersign serves from a home: all that a command about them needs to know. The
 * folder is made. Throws ERR_CARBON_HOME.
 */
export function carbonState(home: string) {
  checkCarbonHome(home)
  mkdirSync(join(home, stateFolder), { recursive: true, mode: 0o700 })
  return stateOptions
}

export const stateOptions = {
  users: { file: `${stateFolder}/countersign.db` },
  audit: { file: `${stateFolder}/audit.jsonl` },
}
