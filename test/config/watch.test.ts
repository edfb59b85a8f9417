import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Watch, watchFiles } from '../../src/config/watch.ts'
import { until } from '../support/home.ts'
import { scratchFolder } from '../support/scratch.ts'

interface Watching {
  readonly told: string[][]
  readonly watch: Watch
}

async function watching(files: readonly string[], poll = 3_600_000): Promise<Watching> {
  const told: string[][] = []
  const watch = await watchFiles({ files, poll, onChange: async changed => void told.push([...changed]) })
  after(() => watch[Symbol.asyncDispose]())
  return { told, watch }
}

/** Longer than it takes to be told of a change. */
const quiet = () => delay(600)

test('a file that is renamed into its place is seen, every time', async () => {
  const file = join(scratchFolder(), 'trust.p12')
  writeFileSync(file, '1')
  const { told } = await watching([file])
  for (const content of ['2', '3', '4']) {
    writeFileSync(`${file}.new`, content)
    renameSync(`${file}.new`, file)
    const before = told.length
    await until(() => told.length > before, `content ${content} is told of`)
  }
  assert.deepEqual(told, [[file], [file], [file]])
})

test('what Kubernetes does to a mounted secret is seen: `..data` is swapped', async () => {
  const folder = scratchFolder()
  const generation = (name: string, content: string) => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'tls.p12'), content)
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  generation('..2026_01', 'old')
  const file = join(folder, 'tls.p12')
  symlinkSync('..data/tls.p12', file)
  const { told } = await watching([file])
  generation('..2026_02', 'new')
  rmSync(join(folder, '..2026_01'), { recursive: true })
  await until(() => told.length === 1, 'the first swap is told of')
  generation('..2026_03', 'newer')
  await until(() => told.length === 2, 'the second swap is told of')
})

test('what does not change the content is not told of, nor are others in the folder', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'countersign.yaml')
  writeFileSync(file, 'same')
  const { told, watch } = await watching([file])
  writeFileSync(file, 'same')
  writeFileSync(join(folder, 'audit.jsonl'), 'a record')
  await quiet()
  writeFileSync(file, 'other')
  await watch.note()
  await quiet()
  assert.deepEqual(told, [], 'nor is what was noted')
})

test('several files that change together, in pieces, are told of once', async () => {
  const folder = scratchFolder()
  const [one, other] = [join(folder, 'one'), join(folder, 'other')]
  for (const file of [one, other]) writeFileSync(file, '')
  const { told } = await watching([one, other])
  for (let i = 0; i < 10; i++) {
    for (const file of [one, other]) writeFileSync(file, `piece ${i}`, { flag: 'a' })
    await delay(20)
  }
  await until(() => told.length > 0, 'the change is told of')
  await quiet()
  assert.deepEqual(told, [[one, other]])
})

test('a file that goes and comes back is told of, and so is one that is not there yet', async () => {
  const folder = scratchFolder()
  const [file, later] = [join(folder, 'crl.pem'), join(folder, 'later/trust.p12')]
  writeFileSync(file, '1')
  const { told } = await watching([file, later], 100)
  rmSync(file)
  await until(() => told.length === 1, 'the removal is told of')
  writeFileSync(file, '2')
  await until(() => told.length === 2, 'the return is told of')
  mkdirSync(join(folder, 'later'))
  writeFileSync(later, '1')
  await until(() => told.length === 3, 'the new file is told of')
  assert.deepEqual(told, [[file], [file], [later]])
})

test('a folder that is itself replaced is watched on', async () => {
  const parent = scratchFolder()
  const file = join(parent, 'security/trust.p12')
  mkdirSync(join(parent, 'security'))
  writeFileSync(file, '1')
  const { told } = await watching([file], 100)
  renameSync(join(parent, 'security'), join(parent, 'before'))
  mkdirSync(join(parent, 'security'))
  writeFileSync(file, '2')
  await until(() => told.length > 0, 'the other folder is seen')
})

test('files that are named later are watched too, in a folder that was watched before', async () => {
  const folder = scratchFolder()
  const [one, further] = [join(folder, 'one'), join(folder, 'further')]
  for (const file of [one, further]) writeFileSync(file, '1')
  const { told, watch } = await watching([one])
  await watch.replace([one, further])
  writeFileSync(further, '2')
  await until(() => told.length === 1, 'it is told of')
  assert.deepEqual(told, [[further]])
})
