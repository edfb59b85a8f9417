import { figures } from '../metrics.ts'
import type { Site } from '../site.ts'
import { inTurn, type Step } from './in-turn.ts'
import type { Extent, Sample } from './sample.ts'

const rates = [
  { metric: figures.connectionsP99, kind: 'connections-at-rate', rate: 150, parallel: 1, operations: 600, warmUp: 450 },
  {
    metric: figures.requestsP99,
    kind: 'requests-at-rate',
    rate: 2_000,
    parallel: 32,
    operations: 6_000,
    warmUp: 6_000,
  },
] as const

/** How long the slowest of a hundred take when they come at a fixed rate, far from saturation. */
export async function measureLatency(site: Site, names: readonly string[], extent: Extent): Promise<Sample[]> {
  const servers = await site.startAll({ workers: 1, names })
  const steps = rates.map(
    ({ metric, kind, rate, parallel, operations, warmUp }): Step => ({
      metric,
      operations,
      warmUp,
      async measure(server, operations) {
        const task = { ...(await site.taskFor(server, 'identity')), kind, rate, parallel, operations }
        return [{ metric, value: (await site.client.run(task)).p99 }]
      },
    }),
  )
  const samples = await inTurn(site, servers, steps, extent)
  await site.stopAll()
  return samples
}
