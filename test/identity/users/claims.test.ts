import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claims, localDialect } from '../../../src/identity/users/claims.ts'

test('each claim has a URI of the local dialect and a name of its own', () => {
  for (const { uri } of claims) assert.match(uri, new RegExp(`^${localDialect}/[A-Za-z.]+$`))
  for (const key of ['uri', 'displayName'] as const)
    assert.equal(new Set(claims.map(claim => claim[key])).size, claims.length, key)
})

test('of the claims for one attribute of SCIM one takes everything, and the others have types of their own', () => {
  const attributes = Map.groupBy(claims, ({ scim = '' }) => scim)
  attributes.delete('')
  for (const [scim, sources] of attributes) {
    const types = sources.map(({ type }) => type)
    assert.equal(types[0], undefined, scim)
    assert.equal(new Set(types).size, types.length, scim)
  }
})
