import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from './client.ts'
import { cpuTime, memory } from './cpu-time.ts'
import type { Task } from './load.ts'
import type { Running } from './servers.ts'

export interface Sample {
  readonly metric: string
  readonly server: string
  readonly round: number
  readonly value: number
}

export const scenarios = [
  { kind: 'full', metric: 'full handshake with one request', parallel: 16 },
  { kind: 'resumed', metric: 'resumed handshake with one request', parallel: 16 },
  { kind: 'kept', metric: 'authenticated request on a kept connection', parallel: 32 },
] as const

export type Amounts = Readonly<Record<(typeof scenarios)[number]['kind'], number>>

/** Microseconds of server CPU time per operation, servers in turn within each round, so that what disturbs one disturbs all. */
export async function measureCpu(
  servers: readonly Running[],
  client: Client,
  credentials: Task['credentials'],
  { rounds, amounts, warmUp }: { rounds: number; amounts: Amounts; warmUp: Amounts },
): Promise<Sample[]> {
  const samples: Sample[] = []
  // Round 0 warms up: compilers, caches, connections to stores.
  for (let round = 0; round <= rounds; round++) {
    for (const { kind, metric, parallel } of scenarios) {
      // Whoever comes first in one round comes last in the next.
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        const operations = (round === 0 ? warmUp : amounts)[kind]
        const before = cpuTime(server.pid)
        const { port, path } = server
        const done = await client.run({ kind, port, path, operations, parallel, credentials })
        // What the server still does for connections that were closed belongs to them.
        await sleep(30)
        const value = (cpuTime(server.pid) - before) / 1000 / operations
        if (kind === 'resumed' && done.resumed < operations) {
          throw new Error(`${server.name} resumed only ${done.resumed} of ${operations} connections`)
        }
        if (round > 0) samples.push({ metric, server: server.name, round, value })
      }
    }
  }
  return samples
}

/** KiB that one more idle connection takes, and MiB at the most, from a server that was just started. */
export async function measureMemory(
  server: Running,
  client: Client,
  credentials: Task['credentials'],
  { round, few, many }: { round: number; few: number; many: number },
): Promise<Sample[]> {
  const { port, path, name } = server
  const task = { port, path, parallel: 16, credentials }
  await client.run({ ...task, kind: 'full', operations: few })
  await client.run({ ...task, kind: 'open', operations: few })
  await sleep(500)
  const before = memory(server.pid).now
  await client.run({ ...task, kind: 'open', operations: many - few })
  await sleep(500)
  const { now, peak } = memory(server.pid)
  await client.run({ ...task, kind: 'close', operations: 0 })
  return [
    { metric: 'idle connection', server: name, round, value: (now - before) / 1024 / (many - few) },
    { metric: 'most memory resident', server: name, round, value: peak / 1024 / 1024 },
  ]
}
