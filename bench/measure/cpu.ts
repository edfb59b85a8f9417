import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../client.ts'
import { cpuTime } from '../cpu-time.ts'
import type { Done } from '../load.ts'
import { figures, type Load } from '../metrics.ts'
import type { Running } from '../peers/peer.ts'
import type { Site } from '../site.ts'
import { inTurn, type Step } from './in-turn.ts'
import type { Extent, Sample } from './sample.ts'

/** Microseconds of server CPU time per operation, of servers with so many processes (or threads) each. */
export async function measureCpu(
  site: Site,
  loads: readonly Load[],
  { workers, ...extent }: Extent & { workers: number },
): Promise<Sample[]> {
  const servers = await site.startAll({ workers })
  const steps = loads.map(load => stepOf(site, load, workers > 1 ? site.freeClient : site.client))
  const samples = await inTurn(site, servers, steps, extent)
  await site.stopAll()
  return samples
}

function stepOf(site: Site, load: Load, client: Client): Step {
  const { kind, role, parallel, operations, warmUp } = load
  return {
    metric: load,
    operations,
    warmUp,
    suits: ({ paths }) => paths[role] !== undefined,
    async measure(server: Running, operations: number) {
      const task = { ...(await site.taskFor(server, role)), operations, parallel }
      if (kind === 'kept') {
        await client.run({ ...task, kind: 'open', operations: parallel })
        // What opening them leaves to do is no part of what is asked on them.
        await sleep(200)
      }
      const before = cpuTime(server.child.pid!)
      const done = await client.run({ ...task, kind })
      // What the server still does for connections that were closed belongs to them.
      await sleep(kind === 'kept' ? 0 : 30)
      if (kind === 'resumed' && done.resumed < operations) throw new Error(`only ${done.resumed} resumed`)
      const value = (cpuTime(server.child.pid!) - before) / 1000 / operations
      if (kind === 'kept') await client.run({ ...task, kind: 'close' })
      const { p50, p99, clientBusy, seconds } = done
      const sample = { metric: load, value, seen: { p50, p99, clientBusy, perSecond: operations / seconds } }
      return kind === 'reconnect' ? [sample, { metric: figures.resumed, value: share(done, parallel) }] : [sample]
    },
  }
}

/** Percent. The first connection of each that goes on at a time has nothing to resume. */
function share({ resumed, operations }: Done, parallel: number): number {
  return (100 * resumed) / (operations - parallel)
}
