import assert from 'node:assert/strict'
import { test } from 'node:test'
import { indexAnchors } from '../../../src/pki/path/anchors.ts'
import { baseTime, day, testAuthority } from '../../support/certificates.ts'

const ca = testAuthority({ name: 'Partners CA' })
const renewed = testAuthority({ name: 'Partners CA', key: ca, notAfter: baseTime + 99 * day })
const namesake = testAuthority({ name: 'Partners CA' })
const likeNamed = testAuthority({ name: 'PARTNERS CA', key: ca })
const other = testAuthority({ name: 'Machines CA' })
const anchor = (alias: string, { certificate }: typeof ca) => ({ alias, certificate })
const aliases = (found: readonly { alias: string }[]) => found.map(({ alias }) => alias)

test('an authority is its exact name and its key: renewed and imported twice it is the same, a namesake is another', () => {
  const index = indexAnchors([
    anchor('first', ca),
    anchor('namesake', namesake),
    anchor('like-named', likeNamed),
    anchor('renewed', renewed),
    anchor('again', ca),
    anchor('other', other),
  ])
  const ofAuthority = ({ certificate }: typeof ca) => aliases(index.ofAuthority(certificate))
  assert.deepEqual(ofAuthority(ca), ['first', 'again', 'renewed'])
  assert.deepEqual(ofAuthority(renewed), ['first', 'again', 'renewed'])
  assert.deepEqual(ofAuthority(namesake), ['namesake'])
  assert.deepEqual(ofAuthority(likeNamed), ['like-named'])
  assert.deepEqual(ofAuthority(other), ['other'])
  assert.deepEqual(ofAuthority(testAuthority({ name: 'Machines CA' })), [])
  assert.deepEqual(index.ofAuthority(ca.issue().certificate), [])
})

test('an issuer is looked for among all that bear its name, each certificate once', () => {
  const list = [anchor('first', ca), anchor('like-named', likeNamed), anchor('again', ca), anchor('other', other)]
  const index = indexAnchors(list)
  assert.deepEqual(aliases(index.named(ca.certificate.subject)), ['first', 'like-named'])
  assert.equal(index.same(ca.certificate)?.alias, 'first')
  assert.equal(index.same(other.certificate)?.alias, 'other')
  assert.equal(index.same(renewed.certificate), undefined)
  assert.equal(
    index.same(testAuthority({ name: 'Machines CA', key: other, notAfter: baseTime + day }).certificate),
    undefined,
  )
  assert.deepEqual(Array.from(index.repeated, aliases), [['again', 'first']])
  // Who has the list may change it; the index is of the moment when it was made.
  list.length = 0
  assert.equal(index.same(ca.certificate)?.alias, 'first')
  assert.equal(index.anchors.length, 4)
})
