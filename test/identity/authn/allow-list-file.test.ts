import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAllowList } from '../../../src/identity/authn/allow-list.ts'
import { readThumbprintFile } from '../../../src/identity/authn/thumbprint-file.ts'
import { testAuthority } from '../../support/certificates.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()
const file = join(folder, 'allowed.txt')
const read = (text: string | Buffer) => {
  writeFileSync(file, text)
  return readThumbprintFile(file)
}
const thumbprintOf = (i: number) => createHash('sha256').update(`${i}`).digest('hex')

test('thumbprints one a line, in any case, with colons, comments and empty lines', async () => {
  const [one, two, three] = [thumbprintOf(1), thumbprintOf(2), thumbprintOf(3)]
  const colons = two.toUpperCase().replace(/..(?=.)/g, '$&:')
  const table = await read(`# who may\r\n${one}\r\n\r\n${colons} # two\n${one}\n  ${three}`)
  assert.equal(table.size, 3)
  for (const each of [one, two, three]) assert.ok(table.has(each))
  assert.ok(!table.has(thumbprintOf(4)))
})

test('a line that is no thumbprint is told by its number, and the list is not half taken', async () => {
  const good = thumbprintOf(1)
  for (const bad of [
    good.slice(1),
    `${good}0`,
    good.replace(/^./, 'g'),
    'alice',
    `${good},`,
    `\u0000${good}`,
    `\ufeff${good}`,
  ])
    await assert.rejects(read(`${good}\n\n${bad}\n`), { code: 'ERR_ALLOW_LIST_THUMBPRINT', message: /line 3/ }, bad)
  await assert.rejects(readThumbprintFile(join(folder, 'none.txt')), { code: 'ERR_ALLOW_LIST_FILE' })
  await assert.rejects(readThumbprintFile(folder), { code: 'ERR_ALLOW_LIST_FILE' })
})

test('a long list, read in pieces, holds each of its entries and no other', async () => {
  const many = 50_000
  const table = await read(Array.from({ length: many }, (_, i) => `${thumbprintOf(i)}\n`).join(''))
  assert.equal(table.size, many)
  for (let i = 0; i < many; i += 7) assert.ok(table.has(thumbprintOf(i)), `${i}`)
  for (let i = many; i < many + 5000; i++) assert.ok(!table.has(thumbprintOf(i)), `${i}`)
})

test('thumbprints that begin alike are told apart', async () => {
  const alike = Array.from({ length: 200 }, (_, i) => `deadbeef${i.toString(16).padStart(56, '0')}`)
  const table = await read(alike.slice(0, 100).join('\n'))
  assert.deepEqual(
    alike.filter(each => table.has(each)),
    alike.slice(0, 100),
  )
})

test('the file adds to the list, and an empty one that is on admits nobody', async () => {
  const { certificate: filed, ...authority } = testAuthority()
  const [listed, other] = [authority.issue().certificate, authority.issue().certificate]
  const list = createAllowList({ enabled: true, thumbprints: [listed.thumbprint] }, await read(filed.thumbprint))
  assert.deepEqual(
    [listed, filed, other].map(each => list.admits(each)),
    [true, true, false],
  )
  const empty = createAllowList({ enabled: true, thumbprints: [] }, await read('# nobody\n'))
  assert.equal(empty.admits(listed), false)
})
