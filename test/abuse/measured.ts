import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../support/server-process.ts'
import type { Attack } from './attack.ts'
import { chainAttacks } from './chains.ts'
import { handshakeAttacks } from './handshakes.ts'
import { http1Attacks } from './http1.ts'
import { http2Attacks } from './http2.ts'

export const attacks: readonly Attack[] = [...handshakeAttacks, ...chainAttacks, ...http1Attacks, ...http2Attacks]

/** Short enough for a test to see them run out; counts are lower than the defaults so that a test can reach them. */
export const limits = {
  handshakeTimeout: 1500,
  headersTimeout: 1500,
  requestTimeout: 4000,
  keepAliveTimeout: 3000,
  stallTimeout: 3000,
  maxConnectionsPerAddress: 500,
}

export interface Measured {
  readonly name: string
  readonly sent: string
  readonly met: string
  readonly seconds: number
  /** good clients that came meanwhile, each on a connection of its own */
  readonly asked: number
  readonly failed: readonly string[]
  readonly slowestMs: number
  readonly rssBefore: number
  readonly rssMost: number
  readonly rssAfter: number
  /** open handles more than before, when the attack was over */
  readonly handlesLeft: number
}

/** Attacks, while good clients from another address come and go. */
export async function measure(server: ServerProcess, attack: Attack, scale: number): Promise<Measured> {
  const before = server.usage()
  let over = false
  let asked = 0
  let slowestMs = 0
  let rssMost = before.rssMegabytes
  const failed: string[] = []
  const good = async () => {
    while (!over) {
      const start = performance.now()
      try {
        const status = await server.ask({ localAddress: '127.0.0.2' })
        if (status !== 200) failed.push(`status ${status}`)
      } catch (error) {
        failed.push((error as Error).message)
      }
      asked += 1
      slowestMs = Math.max(slowestMs, performance.now() - start)
      rssMost = Math.max(rssMost, server.usage().rssMegabytes)
      await sleep(50)
    }
  }
  const clients = good()
  const start = performance.now()
  const { sent, met } = await attack.run(server, scale)
  const seconds = (performance.now() - start) / 1000
  over = true
  await clients
  const handlesLeft = await settled(server, before.handles)
  const rssAfter = server.usage().rssMegabytes
  const { rssMegabytes: rssBefore } = before
  return { name: attack.name, sent, met, seconds, asked, failed, slowestMs, rssBefore, rssMost, rssAfter, handlesLeft }
}

/** Handles more than `before`, once no more go away. */
async function settled(server: ServerProcess, before: number): Promise<number> {
  for (const end = Date.now() + 8_000; Date.now() < end; ) {
    if (server.usage().handles <= before) return 0
    await sleep(100)
  }
  return server.usage().handles - before
}
