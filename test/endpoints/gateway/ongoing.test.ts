import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ongoing } from '../../../src/endpoints/gateway/ongoing.ts'

test('what is under way is ended, and nothing else, in whatever order others went', () => {
  const ongoing = new Ongoing()
  const ended: string[] = []
  const places = Array.from('abcdefg', name => ongoing.add({ destroy: () => ended.push(name) }))
  for (const i of [0, 6, 3, 3, 0]) ongoing.delete(places[i]!)
  const late = ongoing.add({ destroy: () => ongoing.delete(late) })
  ongoing.destroyAll()
  assert.deepEqual(ended.toSorted(), ['b', 'c', 'e', 'f'])
  for (const place of [places[1]!, places[2]!, places[4]!, places[5]!]) ongoing.delete(place)
  ongoing.destroyAll()
  assert.equal(ended.length, 4)
})
