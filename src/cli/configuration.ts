import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '../errors.ts'
import type { Context } from './command.ts'

/** For commands that need the configuration. */
export const configurationOptions = {
  config: {
    flags: '--config <FILE>',
    describe: 'the configuration (default: countersign.yaml here, or in .countersign)',
  },
  carbonHome: { flags: '--carbon-home <DIR>', describe: 'a WSO2 Carbon home to read instead' },
} as const

export type ConfigurationPlace = { readonly file: string } | { readonly carbonHome: string }

/** Where the configuration of this command is: as told, else `countersign.yaml` here, else `.countersign/countersign.yaml`. */
export function locateConfiguration(
  ctx: Pick<Context, 'path'> & { options: { config: string | undefined; carbonHome: string | undefined } },
): ConfigurationPlace {
  const { config, carbonHome } = ctx.options
  if (config !== undefined && carbonHome !== undefined) {
    throw new CodedError('ERR_CLI_USAGE', '--config and --carbon-home cannot be given together')
  }
  if (config !== undefined) return { file: ctx.path(config) }
  if (carbonHome !== undefined) return { carbonHome: ctx.path(carbonHome) }
  const places = ['countersign.yaml', join('.countersign', 'countersign.yaml')]
  const found = places.map(place => ctx.path(place)).find(place => existsSync(place))
  if (found !== undefined) return { file: found }
  throw new CodedError('ERR_CLI_NO_CONFIGURATION', `there is no ${places.join(' or ')} in ${ctx.path('.')}`, {
    remedy: 'Pass --config FILE or --carbon-home DIR, or run `countersign dev` once to make one.',
  })
}
