import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { type Aggregator, Counter, Gauge, type Registry } from 'prom-client'

/**
 * The process, under the names that every Prometheus dashboard knows. Read when scraped and not otherwise: prom-client's own
 * defaults keep an observer of garbage collection and a timer running.
 */
export function registerProcessMetrics(registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number, aggregator: Aggregator = 'sum') =>
    new Gauge({
      name,
      help,
      registers: [registry],
      aggregator,
      collect() {
        this.set(read())
      },
    })
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  counter('process_cpu_user_seconds_total', 'User CPU time in seconds.', () => process.cpuUsage().user / 1e6)
  counter('process_cpu_system_seconds_total', 'System CPU time in seconds.', () => process.cpuUsage().system / 1e6)
  gauge('process_resident_memory_bytes', 'Resident memory in bytes.', () => process.memoryUsage.rss())
  gauge('process_open_fds', 'Open file descriptors; 0 where the system does not tell.', openDescriptors)
  const started = Math.round(performance.timeOrigin / 1000)
  gauge('process_start_time_seconds', 'Start of the process, seconds since the epoch.', () => started, 'min')
  gauge('nodejs_heap_size_used_bytes', 'Heap in use, in bytes.', () => process.memoryUsage().heapUsed)
  let before = performance.eventLoopUtilization()
  const busy = () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
  const help = 'Share of the time since the last scrape that the event loop was busy.'
  gauge('nodejs_eventloop_utilization', help, busy, 'max')
}

function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
