// A store of many certificates is read while others are served.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readAnchors } from '../../../src/identity/trust/material.ts'
import { emptyKeyStore } from '../../../src/pki/keystore/change.ts'
import { readKeyStoreFile } from '../../../src/pki/keystore/file.ts'
import type { KeyStore } from '../../../src/pki/keystore/keystore.ts'
import { encodeKeyStore } from '../../../src/pki/keystore/save.ts'
import { atOnce, certificatesPerStep, inTurns, type Pace } from '../../../src/pki/keystore/steps.ts'
import { selfSigned } from '../../support/certificates.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const steps = 4
const { certificate } = selfSigned({ subject: 'CN=pinned' })
const many: KeyStore = {
  ...emptyKeyStore('JKS'),
  entries: Array.from({ length: steps * certificatesPerStep + 1 }, (_, i) => ({
    kind: 'trusted-certificate' as const,
    alias: `pinned-${i}`,
    created: 0,
    certificate,
  })),
}

/** How often others had their turn. */
async function turnsDuring<T>(work: (pace: Pace) => Promise<T>, pace: Pace): Promise<{ turns: number; done: T }> {
  let turns = 0
  let going = true
  const count = () => {
    turns += 1
    if (going) setImmediate(count)
  }
  const steppedOn: Pace = async work => {
    setImmediate(count)
    const done = await pace(work)
    going = false
    return done
  }
  const done = await work(steppedOn)
  return { turns, done }
}

for (const type of ['PEM', 'JKS'] as const) {
  const file = join(folder, `many.${type.toLowerCase()}`)
  writeFileSync(file, encodeKeyStore({ ...many, type }, { password: 'changeit' }))
  const read = (pace: Pace) => readKeyStoreFile(file, { password: 'changeit' }, pace)

  test(`${type}: in turns with others, and the same in the end`, async () => {
    const { turns, done } = await turnsDuring(read, inTurns)
    assert.ok(turns >= steps, `${turns} turns`)
    const { turns: none, done: same } = await turnsDuring(read, atOnce)
    assert.equal(none, 0)
    assert.equal(done.entries.length, many.entries.length)
    assert.deepEqual(
      done.entries.map(({ alias }) => alias),
      same.entries.map(({ alias }) => alias),
    )
  })
}

test('anchors: likewise', async () => {
  const stores = [{ name: 'many.jks', store: many }]
  const anchors = async (pace: Pace) => await pace(readAnchors(stores, { at: Date.now(), clientAuth: 'want' }))
  const { turns, done } = await turnsDuring(anchors, inTurns)
  assert.ok(turns >= steps, `${turns} turns`)
  assert.equal(done.anchors.length, many.entries.length)
})

test('what is wrong with a store is told as when it is read at once', async () => {
  const file = join(folder, 'broken.pem')
  writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const failure = async (pace: Pace) => readKeyStoreFile(file, {}, pace).then(() => '', String)
  assert.match(await failure(inTurns), /broken\.pem/)
  assert.equal(await failure(inTurns), await failure(atOnce))
})
