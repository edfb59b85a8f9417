// npm run bench [-- crl] [-- --quick] [-- --rounds N] [-- --json FILE]: what Countersign costs beside bare node:https and nginx. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeCertificates } from './certificates.ts'
import { type Client, startClient } from './client.ts'
import { startCountersign } from './countersign.ts'
import type { Task } from './load.ts'
import { measureCpu, measureMemory, type Sample } from './measure.ts'
import { metricsOf, table } from './report.ts'
import { hasTaskset, type Running, type Setting, startNginx, startNodeHttps } from './servers.ts'

if (process.argv[2] === 'crl') {
  const { benchCrl } = await import('./crl.ts')
  await benchCrl(process.argv.slice(3))
  process.exit()
}
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, rounds: { type: 'string' }, json: { type: 'string' } },
})
const { quick = false } = options
const rounds = Math.max(3, Number(options.rounds ?? (quick ? 3 : 9)) || 9)
const amounts = quick ? { full: 300, resumed: 400, kept: 4_000 } : { full: 500, resumed: 600, kept: 10_000 }
// Until the compilers are done with either server.
const warmUp = { full: 600, resumed: 600, kept: 25_000 }
const held = quick ? { few: 200, many: 800 } : { few: 500, many: 2_000 }
const pinning = availableParallelism() > 1 && hasTaskset()

const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
const running = new Set<Running>()
const client = startClient(pinning ? 1 : undefined)
try {
  const samples = await bench(client, writeCertificates(folder))
  process.stdout.write(`\n${table(samples)}\n`)
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ metrics: metricsOf(samples) }, null, 2)}\n`)
  }
} finally {
  client.stop()
  for (const server of running) await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function bench(client: Client, credentials: Task['credentials']): Promise<Sample[]> {
  const servers = await startAll(client, credentials)
  const load = loadavg()[0]!.toFixed(1)
  tell(`${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores, load ${load}; medians of ${rounds} rounds`)
  for (const { version } of servers) tell(`  ${version}`)
  if (servers.length < 3) tell('  nginx is not installed: it is left out')
  if (!pinning) tell('  one CPU, or no taskset: servers and clients share what there is')
  tell('CPU time …')
  const samples = await measureCpu(servers, client, credentials, { rounds, amounts, warmUp })
  await stopAll()
  tell('memory …')
  for (let round = 1; round <= Math.max(3, Math.min(rounds, 3)); round++) {
    for (const server of await startAll(client, credentials)) {
      samples.push(...(await measureMemory(server, client, credentials, { round, ...held })))
    }
    await stopAll()
  }
  return samples
}

/** Countersign first: how long its answer is decides how long those of the others are. */
async function startAll(client: Client, credentials: Task['credentials']): Promise<Running[]> {
  const cpu = pinning ? 0 : undefined
  const own = await started(startCountersign({ folder, cpu }))
  const task = { kind: 'read', port: own.port, path: own.path, operations: 1, parallel: 1, credentials } as const
  const { sample } = await client.run(task)
  const setting: Setting = { folder, cpu, bodyBytes: sample.length - sample.indexOf('\r\n\r\n') - 4 }
  const bare = await started(startNodeHttps(setting))
  const nginx = await startNginx(setting)
  if (nginx === undefined) return [own, bare]
  running.add(nginx)
  return [own, bare, nginx]
}

async function started(server: Promise<Running>): Promise<Running> {
  const up = await server
  running.add(up)
  return up
}

async function stopAll(): Promise<void> {
  for (const server of running) {
    await server.stop()
    running.delete(server)
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
