import { AggregatorRegistry, Registry } from 'prom-client'
import type { Metrics } from './metrics.ts'

/** What a registry says, as it goes from one process to another. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export interface MergedMetrics {
  /** as the management listener wants it */
  readonly registry: Pick<Registry, 'metrics' | 'contentType'>
  /** Goes on counting what a process has counted that is no more, so that no counter ever falls. */
  keep(last: Snapshot): void
}

export function takeSnapshot({ registry }: Pick<Metrics, 'registry'>): Promise<Snapshot> {
  return registry.getMetricsAsJSON()
}

/** The metrics of several processes as those of one: each is summed up, or the largest or smallest taken, as it says of itself. */
export function createMergedMetrics(read: () => Promise<readonly Snapshot[]>): MergedMetrics {
  let ended: Promise<Snapshot> = Promise.resolve([])
  return {
    registry: {
      contentType: Registry.PROMETHEUS_CONTENT_TYPE,
      metrics: async () => merge([await ended, ...(await read())]).metrics(),
    },
    keep(last) {
      const counted = last.filter(({ type }) => kept.has(String(type)))
      ended = ended.then(before => merge([before, counted]).getMetricsAsJSON())
    },
  }
}

const kept = new Set(['counter', 'histogram'])

function merge(snapshots: readonly Snapshot[]): Registry {
  return AggregatorRegistry.aggregate([...snapshots])
}
