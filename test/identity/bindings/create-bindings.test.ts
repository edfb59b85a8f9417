import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BindingStore, StoredBinding } from '../../../src/identity/bindings/binding-store.ts'
import { reviewBindings } from '../../../src/identity/bindings/configured-bindings.ts'
import { createBindings } from '../../../src/identity/bindings/create-bindings.ts'
import { bindingOptions } from '../../../src/identity/bindings/options.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import { testAuthority } from '../../support/certificates.ts'

const ca = testAuthority()
const leaf = ca.issue()
const path = [leaf.certificate, ca.certificate]
const review = (...users: readonly string[]) =>
  reviewBindings(
    users.map(user => bindingOptions.parse({ thumbprint: leaf.thumbprint, users: [user] })),
    [],
  ).bindings

/** A store that answers when it is told to. */
function slowStore() {
  const waiting: { resolve(found: readonly StoredBinding[]): void; reject(error: Error): void }[] = []
  const store = {
    find: () => new Promise<readonly StoredBinding[]>((resolve, reject) => waiting.push({ resolve, reject })),
  } as unknown as BindingStore
  return { store, waiting }
}

test('a path is asked about once, until bindings, anchors or policy change', async () => {
  const epoch = createEpoch()
  const { store, waiting } = slowStore()
  const bindings = createBindings({ configured: review('alice'), epoch, store })
  const ask = async () => {
    const found = bindings.candidates({ path })
    for (const { resolve } of waiting) resolve([])
    const candidates = await found
    return candidates.ok ? candidates.users : candidates.code
  }
  assert.deepEqual([await ask(), await ask(), waiting.length], [['alice'], ['alice'], 1])
  epoch.raise('users')
  assert.deepEqual([await ask(), waiting.length], [['alice'], 1])
  for (const [i, cause] of (['bindings', 'anchors', 'policy', 'revocation', 'allow-list'] as const).entries()) {
    epoch.raise(cause)
    assert.deepEqual([await ask(), waiting.length], [['alice'], i + 2])
  }
  bindings.replace(review())
  assert.equal(await ask(), 'certificate_not_bound')
})

test('what was being looked up when the bindings changed is not remembered', async () => {
  const epoch = createEpoch()
  const { store, waiting } = slowStore()
  const bindings = createBindings({ configured: review(), epoch, store })
  const early = bindings.candidates({ path })
  epoch.raise('bindings')
  const late = bindings.candidates({ path })
  assert.equal(waiting.length, 2)
  const options = bindingOptions.parse({ thumbprint: leaf.thumbprint, users: ['alice'] })
  waiting[1]!.resolve([{ id: '1', label: 'x', options, created: 0 }])
  waiting[0]!.resolve([])
  assert.deepEqual([(await early).ok, (await late).ok], [false, true])
  assert.equal((await bindings.candidates({ path })).ok, true)
})

test('a look-up that failed is made again', async () => {
  const { store, waiting } = slowStore()
  const bindings = createBindings({ configured: review('alice'), epoch: createEpoch(), store })
  const failed = bindings.candidates({ path })
  waiting[0]!.reject(new Error('the disk is gone'))
  await assert.rejects(failed, /the disk is gone/)
  const again = bindings.candidates({ path })
  waiting[1]!.resolve([])
  assert.ok((await again).ok)
})
