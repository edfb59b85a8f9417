import { setTimeout as sleep } from 'node:timers/promises'
import { memory } from '../cpu-time.ts'
import { figures } from '../metrics.ts'
import type { Site } from '../site.ts'
import type { Sample } from './sample.ts'

/** KiB that one more idle connection takes, and MiB at the most, from servers that were just started. */
export async function measureMemory(
  site: Site,
  { rounds, few, many }: { rounds: number; few: number; many: number },
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const server of await site.startAll({ workers: 1 })) {
      const task = { ...(await site.taskFor(server, 'identity')), parallel: 16 }
      const pid = server.child.pid!
      const held = await site.attempt(server.name, figures.idle.name, async () => {
        await site.client.run({ ...task, kind: 'full', operations: few })
        await site.client.run({ ...task, kind: 'open', operations: few })
        await sleep(500)
        const before = memory(pid).now
        await site.client.run({ ...task, kind: 'open', operations: many - few })
        await sleep(500)
        return { before, ...memory(pid) }
      })
      await site.client.run({ ...task, kind: 'close', operations: 0 })
      if (held === undefined) continue
      const { before, now, peak } = held
      samples.push({ metric: figures.idle, server: server.name, round, value: (now - before) / 1024 / (many - few) })
      samples.push({ metric: figures.peak, server: server.name, round, value: peak / 1024 / 1024 })
    }
    await site.stopAll()
    site.tell(`  round ${round} of ${rounds}`)
  }
  return samples
}
