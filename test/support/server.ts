import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadConfiguration } from '../../src/config/load.ts'
import { silentLog } from '../../src/log.ts'
import { type RunningServer, start } from '../../src/start/start.ts'

/** Writes `countersign.yaml` into the folder and serves from it, in this process. Stop it in `after` of the suite. */
export async function serveFrom(
  folder: string,
  yaml: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer & { readonly url: string }> {
  const file = join(folder, 'countersign.yaml')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, yaml)
  const server = await start(loadConfiguration(file, { env }), { log: silentLog })
  return Object.assign(server, { url: `https://localhost:${server.listeners[0]?.port}` })
}
