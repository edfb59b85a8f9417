import { memory } from '../cpu-time.ts'
import { figures } from '../metrics.ts'
import type { Site } from '../site.ts'
import type { Extent, Sample } from './sample.ts'

/** From the start of a program to its first answer to a client certificate, one server after the other, and its memory when warm. */
export async function measureStart(site: Site, { rounds, scale }: Extent): Promise<Sample[]> {
  const samples: Sample[] = []
  // Round 0 fills the caches of the file system, and of compiled code.
  for (let round = 0; round <= rounds; round++) {
    for (const peer of site.peers) {
      const measured = await site.attempt(peer.name, figures.start.name, async () => {
        const server = await site.start(peer, { workers: 1 })
        const task = { ...(await site.taskFor(server, 'identity')), parallel: 1 }
        await site.client.run({ ...task, kind: 'full', operations: 1 })
        const started = performance.now() - server.launched
        if (round > 0) {
          await site.client.run({ ...task, kind: 'full', operations: 200 * scale, parallel: 16 })
          await site.client.run({ ...task, kind: 'open', operations: 16, parallel: 16 })
          await site.client.run({ ...task, kind: 'kept', operations: 4_000 * scale })
          await site.client.run({ ...task, kind: 'close', operations: 0 })
        }
        return { started, warm: memory(server.child.pid!).now / 1024 / 1024 }
      })
      await site.stopAll()
      if (measured === undefined || round === 0) continue
      samples.push({ metric: figures.start, server: peer.name, round, value: measured.started })
      samples.push({ metric: figures.warm, server: peer.name, round, value: measured.warm })
    }
  }
  return samples
}
