// node bench/abuse.ts [--scale N]: what strangers can do to a server, in figures. The table of docs/abuse.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { attacks, limits, measure } from '../test/abuse/measured.ts'
import { serverProcess } from '../test/support/server-process.ts'

const { values } = parseArgs({ options: { scale: { type: 'string', default: '5' } } })
const scale = Math.max(1, Number(values.scale) || 5)
const folder = mkdtempSync(join(tmpdir(), 'countersign-abuse-'))
const server = await serverProcess({ folder, limits })
try {
  const load = loadavg()[0]!.toFixed(1)
  tell(
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} cores, load ${load}`,
  )
  tell(`Node ${process.version}, OpenSSL ${process.versions.openssl}, scale ${scale}\n`)
  tell(
    '| attack | sent | what the server did | s | good clients, slowest | memory before, most, after (MB) | handles left |',
  )
  tell('|---|---|---|---|---|---|---|')
  for (let i = 0; i < 100; i++) await server.ask()
  for (const attack of attacks) {
    const m = await measure(server, attack, scale)
    const served = m.failed.length === 0 ? `${m.asked} of ${m.asked}` : `${m.asked - m.failed.length} of ${m.asked}`
    const memory = [m.rssBefore, m.rssMost, m.rssAfter].map(Math.round).join(', ')
    tell(
      `| ${m.name} | ${m.sent} | ${m.met} | ${m.seconds.toFixed(1)} | ${served}, ${Math.round(m.slowestMs)} ms | ${memory} | ${m.handlesLeft} |`,
    )
    if (m.failed.length > 0) process.exitCode = 1
  }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}
