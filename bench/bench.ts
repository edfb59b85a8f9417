// npm run bench [-- crl | connections | forwarded | scale] [-- --quick] [-- --install] …: what Countersign costs beside other servers. See README.md.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeCertificates } from './certificates.ts'
import { install, missingPackages } from './install.ts'
import { measureCpu } from './measure/cpu.ts'
import { measureLatency } from './measure/latency.ts'
import { measureMemory } from './measure/memory.ts'
import type { Sample } from './measure/sample.ts'
import { measureStart } from './measure/start.ts'
import { loads, twoProcesses } from './metrics.ts'
import { apache } from './peers/apache.ts'
import { caddy } from './peers/caddy.ts'
import { countersign, countersignBefore } from './peers/countersign.ts'
import { haproxy } from './peers/haproxy.ts'
import { nginx, startUpstream } from './peers/nginx.ts'
import { nodeHttps } from './peers/node-https.ts'
import { tomcat } from './peers/tomcat.ts'
import { plot } from './plot.ts'
import { hasProgram, stop } from './process.ts'
import { aimTable, type Machine, report, seenTable, table } from './report.ts'
import { Site } from './site.ts'

if (process.argv[2] === 'crl') {
  const { benchCrl } = await import('./crl.ts')
  await benchCrl(process.argv.slice(3))
  process.exit()
}
if (process.argv[2] === 'connections') {
  const { benchConnections } = await import('./open-connections.ts')
  await benchConnections(process.argv.slice(3))
  process.exit()
}
if (process.argv[2] === 'scale') {
  const { benchScale } = await import('./scale.ts')
  await benchScale(process.argv.slice(3))
  process.exit()
}
if (process.argv[2] === 'forwarded') {
  const { benchForwarded } = await import('./forwarded.ts')
  await benchForwarded(process.argv.slice(3))
  process.exit()
}
const all = [countersign, nginx, haproxy, caddy, apache, tomcat, nodeHttps]
const parts = ['cpu', 'two', 'latency', 'memory', 'start'] as const
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    scale: { type: 'string' },
    json: { type: 'string' },
    plot: { type: 'string' },
    peers: { type: 'string', default: all.map(({ name }) => name).join() },
    before: { type: 'string' },
    only: { type: 'string', default: parts.join() },
    loads: { type: 'string', default: Object.keys(loads).join() },
  },
})
const { quick } = options
const rounds = positive(options.rounds, quick ? 9 : 21)
const scale = positive(options.scale, 1)
const before = options.before === undefined ? [] : [countersignBefore(options.before)]
const wanted = [...before, ...all.filter(({ name }) => options.peers.split(',').includes(name))]
if (options.install) install(wanted)
const peers = wanted.filter(peer => missingPackages(peer).length === 0)
const pinning = availableParallelism() > 1 && hasProgram('taskset')
const clientCpu = pinning ? 1 : undefined
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
const credentials = writeCertificates(folder)
const upstream = peers.includes(nginx) ? await startUpstream({ folder, cpu: clientCpu }) : undefined
await using site = new Site({
  folder,
  peers,
  credentials,
  cpus: { server: pinning ? 0 : undefined, client: clientCpu },
  upstream: upstream?.port,
  tell,
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    upstream?.child.kill()
    void site[Symbol.asyncDispose]().then(() => process.exit(1))
  })
}
try {
  const machine: Machine = {
    date: new Date().toISOString(),
    cpu: `${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores`,
    kernel: release(),
    load: loadavg()[0]!,
    rounds,
  }
  const samples = await measure()
  const result = report(machine, site, samples)
  process.stdout.write(`\n${[table, seenTable, aimTable].map(print => print(result)).join('\n\n')}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`)
  if (options.plot !== undefined) writeFileSync(options.plot, plot(result))
} finally {
  if (upstream !== undefined) await stop(upstream.child)
}

async function measure(): Promise<Sample[]> {
  const part = (name: (typeof parts)[number]) => options.only.split(',').includes(name)
  await site.learnBodyBytes(countersign)
  for (const peer of wanted) {
    const missing = missingPackages(peer)
    if (missing.length > 0) tell(`${peer.name} is left out: install ${missing.join(' ')}, or run with --install`)
  }
  if (!pinning) tell('one CPU, or no taskset: servers and clients share what there is')
  const chosen = Object.entries(loads).flatMap(([id, load]) => (options.loads.split(',').includes(id) ? [load] : []))
  const samples: Sample[] = []
  if (part('cpu')) {
    tell('CPU time of one process …')
    samples.push(...(await measureCpu(site, chosen, { rounds, scale, workers: 1 })))
  }
  if (part('two') && pinning) {
    tell('CPU time of two processes …')
    samples.push(...(await measureCpu(site, twoProcesses, { rounds: Math.min(rounds, 15), scale, workers: 2 })))
  }
  if (part('latency')) {
    tell('latency at a fixed rate …')
    const names = ['countersign', 'nginx', 'tomcat', 'node:https']
    samples.push(...(await measureLatency(site, names, { rounds: Math.min(rounds, 5), scale })))
  }
  if (part('start')) {
    tell('start …')
    samples.push(...(await measureStart(site, { rounds: Math.min(rounds, 5), scale })))
  }
  if (part('memory')) {
    tell('memory …')
    const held = quick ? { few: 200, many: 800 } : { few: 500, many: 2_000 }
    samples.push(...(await measureMemory(site, { rounds: 3, ...held })))
  }
  return samples
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise)
  if (!(value > 0)) throw new Error(`not a number above 0: ${text}`)
  return value
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
