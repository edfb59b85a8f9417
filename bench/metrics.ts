import type { Task } from './load.ts'
import type { Role } from './peers/peer.ts'

/** Something that is measured, by the number that it has in the table of aims. */
export interface Metric {
  readonly id: string
  readonly name: string
  readonly unit: 'µs CPU' | 'KiB' | 'MiB' | 'ms' | '%'
}

/** A load under which the CPU time of one operation is measured. */
export interface Load extends Metric {
  readonly kind: Task['kind']
  readonly role: Role
  readonly parallel: number
  /** few: what disturbs the machine lasts longer than a turn of each server, and so disturbs all of them alike */
  readonly operations: number
  /** in a round that warms up, before a peer's own factor */
  readonly warmUp: number
}

const cpu = 'µs CPU'

export const loads = {
  M1: {
    id: 'M1',
    name: 'full handshake with one request',
    unit: cpu,
    kind: 'full',
    role: 'identity',
    parallel: 16,
    operations: 200,
    warmUp: 600,
  },
  M2: {
    id: 'M2',
    name: 'reconnect, each ticket spent once',
    unit: cpu,
    kind: 'reconnect',
    role: 'identity',
    parallel: 16,
    operations: 320,
    warmUp: 600,
  },
  M2r: {
    id: 'M2r',
    name: 'resumed handshake with one request',
    unit: cpu,
    kind: 'resumed',
    role: 'identity',
    parallel: 16,
    operations: 200,
    warmUp: 400,
  },
  M3: {
    id: 'M3',
    name: 'authenticated request on a kept connection',
    unit: cpu,
    kind: 'kept',
    role: 'identity',
    parallel: 32,
    operations: 4_000,
    warmUp: 25_000,
  },
  M4: {
    id: 'M4',
    name: 'proxied request with identity headers',
    unit: cpu,
    kind: 'kept',
    role: 'proxied',
    parallel: 32,
    operations: 3_000,
    warmUp: 15_000,
  },
  H2: {
    id: 'H2',
    name: 'authenticated request over HTTP/2',
    unit: cpu,
    kind: 'multiplexed',
    role: 'http2',
    parallel: 32,
    operations: 1_500,
    warmUp: 4_000,
  },
  M5: {
    id: 'M5',
    name: 'forward-auth decision for nginx (nginx: a proxied request)',
    unit: cpu,
    kind: 'kept',
    role: 'decided',
    parallel: 32,
    operations: 3_000,
    warmUp: 15_000,
  },
  M5t: {
    id: 'M5t',
    name: 'the same, asked over TLS',
    unit: cpu,
    kind: 'kept',
    role: 'decidedByTls',
    parallel: 32,
    operations: 3_000,
    warmUp: 15_000,
  },
} as const satisfies Record<string, Load>

/** What servers with two processes (or threads) are asked, on all CPUs. Each process has a compiler of its own to warm up. */
export const twoProcesses: readonly Load[] = [
  { ...loads.M1, warmUp: 2 * loads.M1.warmUp, id: 'M8', name: 'full handshake with one request, two processes' },
  { ...loads.M3, warmUp: 2 * loads.M3.warmUp, id: 'M8k', name: 'request on a kept connection, two processes' },
]

export const figures = {
  resumed: { id: 'M2%', name: 'reconnects that resumed', unit: '%' },
  idle: { id: 'M6', name: 'idle connection', unit: 'KiB' },
  peak: { id: 'M6p', name: 'most memory resident', unit: 'MiB' },
  connectionsP99: { id: 'M7c', name: 'p99 of new connections, 150 per second', unit: 'ms' },
  requestsP99: { id: 'M7r', name: 'p99 of requests, 2,000 per second', unit: 'ms' },
  start: { id: 'M10', name: 'start to the first answer', unit: 'ms' },
  warm: { id: 'M10m', name: 'memory when warm', unit: 'MiB' },
} as const satisfies Record<string, Metric>

/** What Countersign means to reach: at most so much of a peer's figure in the same round; without a peer, the figure itself. */
export interface Aim {
  readonly id: string
  readonly peer?: string
  readonly atMost?: number
  readonly atLeast?: number
}

export const aims: readonly Aim[] = [
  { id: 'M1', peer: 'nginx', atMost: 0.72 },
  { id: 'M2', peer: 'nginx', atMost: 0.9 },
  { id: 'M2%', atLeast: 100 },
  { id: 'M3', peer: 'nginx', atMost: 1.6 },
  { id: 'M3', peer: 'tomcat', atMost: 0.6 },
  { id: 'M4', peer: 'nginx', atMost: 2.5 },
  { id: 'M4', peer: 'caddy', atMost: 0.6 },
  { id: 'M5', peer: 'nginx', atMost: 0.75 },
  { id: 'M6', peer: 'nginx', atMost: 3.0 },
  { id: 'M7c', peer: 'nginx', atMost: 1.2 },
  { id: 'M7r', peer: 'nginx', atMost: 1.8 },
  { id: 'M8', peer: 'nginx', atMost: 0.75 },
  { id: 'M10', peer: 'tomcat', atMost: 0.15 },
  { id: 'M10m', peer: 'tomcat', atMost: 0.5 },
]
