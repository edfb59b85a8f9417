import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Roster } from '../../../src/server/http/roster.ts'

test('who is there is told, in whatever order others went; a second farewell changes nothing', () => {
  const roster = new Roster<string>()
  const seats = Array.from('abcdefg', name => roster.add(name))
  for (const i of [0, 6, 3, 3, 0]) roster.delete(seats[i]!)
  assert.deepEqual([...roster].toSorted(), ['b', 'c', 'e', 'f'])
  assert.equal(roster.size, 4)
  const seen: string[] = []
  for (const name of roster) {
    seen.push(name)
    for (const i of [1, 2, 4, 5]) roster.delete(seats[i]!)
    roster.add(`after ${name}`)
  }
  assert.deepEqual(seen.toSorted(), ['b', 'c', 'e', 'f'])
  assert.deepEqual([...roster].toSorted(), ['after b', 'after c', 'after e', 'after f'])
})
