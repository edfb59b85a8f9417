import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { systemClock } from '../../../src/clock.ts'
import { createGateway } from '../../../src/endpoints/gateway/gateway.ts'
import { type GatewayKeep, Kept } from '../../../src/endpoints/gateway/kept.ts'
import { assertionOptions, gatewayRouteFields } from '../../../src/endpoints/gateway/options.ts'
import { silentLog } from '../../../src/log.ts'

test('what was made for it is let go of, and is made anew for the next', async () => {
  const ended: string[] = []
  const keep: GatewayKeep = {
    upstreams: new Kept(async upstream => {
      ended.push((await upstream).origin)
      await (await upstream).close()
    }),
    ongoing: new Kept(() => void ended.push('ongoing')),
    keys: new Kept(() => void ended.push('keys')),
  }
  const route = (path: string, connections: number) => ({
    ...z.strictObject(gatewayRouteFields).parse({ path, upstream: 'http://127.0.0.1:1' }),
    connections,
  })
  const gateway = (connections: number) =>
    createGateway({
      routes: [route('/good', 1), route('/other', connections)],
      assertion: assertionOptions.parse({}),
      assertionHeaders: [],
      claims: () => false,
      keep,
      epoch: { value: 1 },
      clock: systemClock,
      events: { upstreamFailed() {} },
      log: silentLog,
    })
  // Nothing that the configuration would let through.
  await assert.rejects(gateway(-1), { name: 'InvalidArgumentError' })
  assert.deepEqual(ended.toSorted(), ['http://127.0.0.1:1', 'keys', 'ongoing', 'ongoing'])
  const made = await gateway(2)
  assert.equal(made.routes.length, 2)
  await made.close()
  assert.equal(ended.length, 4 + 5)
})
