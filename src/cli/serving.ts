import { type LoadedConfiguration, loadConfiguration } from '../config/load.ts'
import { workerCount } from '../start/options.ts'
import { type RunningServer, start } from '../start/start.ts'
import { isWorker, serveAsWorker } from '../start/workers/serve-as-worker.ts'
import { type SupervisedServer, supervise } from '../start/workers/supervise.ts'
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

/** Serves until a signal ends it; SIGHUP reloads, and SIGUSR2 renews workers. `ready` is called once it listens. */
export async function serveUntilStopped(
  ctx: Pick<Context, 'clock' | 'untilStopped'>,
  loaded: LoadedConfiguration,
  ready: (server: RunningServer) => void,
): Promise<void> {
  const { clock } = ctx
  if (isWorker()) return serveAsWorker(loaded, { clock })
  const stopped = ctx.untilStopped()
  const several = workerCount(loaded.value.workers) > 1
  const server: RunningServer & Partial<SupervisedServer> = await (several ? supervise : start)(loaded, { clock })
  const { renew } = server
  const handlers = {
    SIGHUP: () => void server.reload('SIGHUP'),
    ...(renew && { SIGUSR2: () => void renew('SIGUSR2') }),
  }
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler)
  try {
    ready(server)
    if (!stopped.aborted) await new Promise(resolve => stopped.addEventListener('abort', resolve, { once: true }))
  } finally {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler)
    await server.stop(String(stopped.reason))
  }
}
