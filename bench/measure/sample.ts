import type { Done } from '../load.ts'
import type { Metric } from '../metrics.ts'

export interface Sample {
  readonly metric: Metric
  readonly server: string
  readonly round: number
  readonly value: number
  /** how the clients saw it, where they asked as fast as they could */
  readonly seen?: Pick<Done, 'p50' | 'p99' | 'clientBusy'> & { readonly perSecond: number }
}

export interface Extent {
  readonly rounds: number
  /** by which the operations of each load are multiplied */
  readonly scale: number
}
