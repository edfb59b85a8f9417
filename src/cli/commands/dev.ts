import { join, relative } from 'node:path'
import { type DemoHome, openDemoHome } from '../../config/demo-home.ts'
import { loadConfiguration } from '../../config/load.ts'
import { CodedError, isCoded } from '../../errors.ts'
import type { RunningServer } from '../../start/start.ts'
import { defineCommand, exit } from '../command.ts'
import { serveUntilStopped } from '../serving.ts'

export const command = defineCommand({
  name: ['dev'],
  summary: 'Makes a demo home on the first run, serves from it, and prints commands to paste',
  description:
    'The home holds a demo authority, the key stores of the server, one client (alice), an administrator and a commented configuration. Later runs use it as it is.',
  options: {
    dir: { flags: '--dir <DIR>', describe: 'the home', default: '.countersign' },
    port: { flags: '--port <PORT>', describe: 'where to listen (default: 9443, or what the configuration says)' },
  },
  examples: ['countersign dev', 'countersign dev --dir /tmp/demo --port 8443'],
  async run(ctx) {
    const { dir, port } = ctx.options
    const home = await openDemoHome(ctx.path(dir), { clock: ctx.clock, port: portOf(port) ?? 9443 })
    const loaded = loadConfiguration(home.configuration, { env: ctx.env })
    const listener = loaded.value.listeners[0]!
    listener.port = portOf(port) ?? listener.port
    const ready = (server: RunningServer) => ctx.terminal.note(welcome(home, server.listeners[0]!.port))
    try {
      await serveUntilStopped(ctx, loaded, ready)
    } catch (error) {
      if (!isCoded(error, 'ERR_MANAGEMENT_LISTEN')) throw error
      // Two demos on one machine: the second one takes any port for its probes rather than not start at all.
      const { address, port: taken } = loaded.value.management
      ctx.terminal.note(
        `Port ${taken} of ${address} is taken: /healthz, /readyz and /metrics are on a free one this time.`,
      )
      loaded.value.management.port = 0
      await serveUntilStopped(ctx, loaded, ready)
    }
    return exit.yes
  },
})

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new CodedError('ERR_CLI_USAGE', `${text} is no port`, { remedy: 'Name a number from 0 to 65535.' })
}

function welcome(home: DemoHome, port: number): string {
  const at = (...names: string[]) => relative('.', join(home.folder, ...names)) || '.'
  const url = `https://localhost:${port}/whoami`
  const curl = `curl --cacert ${at('security', 'ca.crt')}`
  const alice = at('security', 'clients', 'alice')
  return `
Countersign serves ${url}

  with a certificate     ${curl} --cert ${alice}.crt --key ${alice}.key ${url}
  without one            ${curl} ${url}
  with a password        ${curl} -u admin:${passwordOf(home)} ${url}

The home is ${at()} (configuration: ${at('countersign.yaml')}). Stop with Ctrl+C.
`
}

function passwordOf({ folder, adminPassword }: DemoHome): string {
  if (adminPassword !== undefined) return adminPassword
  return `"$(cat ${relative('.', join(folder, 'admin-password'))})"`
}
