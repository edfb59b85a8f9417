import { type LoadedConfiguration, loadConfiguration } from '../config/load.ts'
import { CodedError } from '../errors.ts'
import { type RunningServer, start } from '../start/start.ts'
import type { Context } from './command.ts'
import { type ConfigurationPlace, locateConfiguration } from './configuration.ts'

/** The configuration that this command is about, read and checked. Throws ConfigError with all problems. */
export function loadForCommand(
  ctx: Parameters<typeof locateConfiguration>[0] & Pick<Context, 'env'>,
): LoadedConfiguration {
  return loadConfiguration(fileOf(locateConfiguration(ctx)), { env: ctx.env })
}

function fileOf(place: ConfigurationPlace): string {
  if ('file' in place) return place.file
  throw new CodedError('ERR_CLI_USAGE', '--carbon-home is not supported by this version', {
    remedy: 'Write a countersign.yaml that names the same key stores, and pass it with --config.',
  })
}

/** Serves until a signal ends it; SIGHUP reloads. `ready` is called once it listens. */
export async function serveUntilStopped(
  ctx: Pick<Context, 'clock' | 'untilStopped'>,
  loaded: LoadedConfiguration,
  ready: (server: RunningServer) => void,
): Promise<void> {
  const stopped = ctx.untilStopped()
  const server = await start(loaded, { clock: ctx.clock })
  const reload = () => void server.reload('SIGHUP')
  process.on('SIGHUP', reload)
  try {
    ready(server)
    if (!stopped.aborted) await new Promise(resolve => stopped.addEventListener('abort', resolve, { once: true }))
  } finally {
    process.off('SIGHUP', reload)
    await server.stop(String(stopped.reason))
  }
}
