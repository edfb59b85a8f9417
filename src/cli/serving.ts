import { type LoadedConfiguration, loadConfiguration } from '../config/load.ts'
import { type RunningServer, start } from '../start/start.ts'
import type { Context } from './command.ts'
import { locateConfiguration } from './configuration.ts'

/** The configuration that this command is about, read and checked. Throws ConfigError with all problems. */
export async function loadForCommand(
  ctx: Parameters<typeof locateConfiguration>[0] & Pick<Context, 'env'>,
): Promise<LoadedConfiguration> {
  const place = locateConfiguration(ctx)
  if ('file' in place) return loadConfiguration(place.file, { env: ctx.env })
  const { loadCarbonHome } = await import('../config/wso2/load-carbon-home.ts')
  return loadCarbonHome(place.carbonHome, { env: ctx.env })
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
