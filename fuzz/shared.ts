/** What the worker tells of itself while it is busy, in memory that the watcher reads without asking. */
export interface Shared {
  readonly flags: Int32Array
  readonly began: Float64Array
  readonly input: Uint8Array
}

/** places in `flags` */
export const flag = { stop: 0, running: 1, target: 2, index: 3, length: 4 } as const

const largest = 1 << 20

export function allocateShared(): SharedArrayBuffer {
  return new SharedArrayBuffer(64 + largest)
}

export function viewShared(memory: SharedArrayBuffer): Shared {
  return {
    flags: new Int32Array(memory, 0, 8),
    began: new Float64Array(memory, 32, 1),
    input: new Uint8Array(memory, 64, largest),
  }
}

export interface Order {
  readonly memory: SharedArrayBuffer
  /** module that exports `targets` */
  readonly module: string
  readonly seed: number
  /** names of the targets to run */
  readonly only: readonly string[]
  /** where to go on after a worker was ended, by target */
  readonly from: Readonly<Record<string, number>>
  /** ends after so many in all */
  readonly executions: number
}

export interface Progress {
  readonly kind: 'progress'
  readonly last: boolean
  readonly counts: Readonly<Record<string, Count>>
}

export interface Count {
  readonly executions: number
  /** inputs with an answer that none before had */
  readonly kept: number
  readonly slowestMs: number
}

export interface Found {
  readonly kind: 'found'
  readonly target: string
  readonly index: number
  readonly input: Uint8Array
  readonly what: string
}
