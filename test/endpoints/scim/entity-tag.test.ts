import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkIfMatch, entityTag, ifMatchOf, isUnchanged } from '../../../src/endpoints/scim/resource/entity-tag.ts'
import { ScimFault } from '../../../src/endpoints/scim/scim-fault.ts'

test('a change is made on the version that the client means, and on no other', () => {
  assert.equal(entityTag(7), 'W/"7"')
  for (const condition of [undefined, '*', 'W/"7"', '"7"', 'W/"6", W/"7"', ' "7" ']) checkIfMatch(condition, 7)
  for (const condition of ['W/"6"', '"77"', '7', '', 'W/"7', '"*"', '"6", "8"'])
    assert.throws(
      () => checkIfMatch(condition, 7),
      error => error instanceof ScimFault && error.problem.code === 'precondition_failed',
      condition,
    )
})

test('who has the version already is told so', () => {
  assert.equal(isUnchanged({}, 7), false)
  assert.equal(isUnchanged({ 'if-none-match': 'W/"7"' }, 7), true)
  assert.equal(isUnchanged({ 'if-none-match': '*' }, 7), true)
  assert.equal(isUnchanged({ 'if-none-match': 'W/"6"' }, 7), false)
  assert.equal(ifMatchOf({}), undefined)
  assert.equal(ifMatchOf({ 'if-match': '"7"' }), '"7"')
})
