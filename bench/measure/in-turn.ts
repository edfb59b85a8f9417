import type { Metric } from '../metrics.ts'
import type { Running } from '../peers/peer.ts'
import type { Site } from '../site.ts'
import type { Extent, Sample } from './sample.ts'

export interface Step {
  readonly metric: Metric
  /** whether this server can do it */
  readonly suits?: (server: Running) => boolean
  readonly operations: number
  /** operations of round 0 */
  readonly warmUp: number
  measure(server: Running, operations: number): Promise<readonly Omit<Sample, 'server' | 'round'>[]>
}

/**
 * Asks the servers in turn within each round, so that what disturbs one disturbs all. Round 0 warms up: compilers, caches, connections. What
 * one server fails at is told, and left out of its rows.
 */
export async function inTurn(
  site: Site,
  servers: readonly Running[],
  steps: readonly Step[],
  { rounds, scale }: Extent,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let round = 0; round <= rounds; round++) {
    for (const { metric, suits, operations, warmUp, measure } of steps) {
      // Whoever comes first in one round comes last in the next.
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        if (suits?.(server) === false) continue
        const count = round === 0 ? warmUp * (site.peer(server.name).warmUp ?? 1) : operations * scale
        const measured = await site.attempt(server.name, metric.name, () => measure(server, Math.round(count)))
        if (round === 0) continue
        for (const sample of measured ?? []) samples.push({ ...sample, server: server.name, round })
      }
    }
    site.tell(round === 0 ? '  warm' : `  round ${round} of ${rounds}`)
  }
  return samples
}
