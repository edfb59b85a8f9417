import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')
const ground = ['errors.ts', 'refusals.ts', 'clock.ts', 'log.ts']

type Table = ReadonlyMap<string, readonly string[]>

interface Import {
  readonly file: string
  readonly target: string
}

test('every import in src/ is one that the table of ARCHITECTURE.md allows', () => {
  const table = readTable()
  const violations = sourceFiles().flatMap(file =>
    importsOf(file, readFileSync(join(src, file), 'utf8')).flatMap(found => judge(found, table)),
  )
  assert.deepEqual(violations, [])
})

test('every room of src/ stands in the table, and the table names no room that does not exist', () => {
  const rooms = new Set(sourceFiles().map(file => roomOf(file, readTable())))
  rooms.delete('ground')
  assert.deepEqual([...rooms].toSorted(), [...readTable().keys()].toSorted())
})

test('the check can fail: an arrow that points up, a stranger, and the ground reaching into a room are found', () => {
  const table = readTable()
  const planted = (file: string, target: string) => importsOf(file, `import { x } from '${target}'`)
  for (const [file, target] of [
    ['pki/x509/planted.ts', '../path/validate.ts'],
    ['pki/asn1/planted.ts', '../x509/name.ts'],
    ['identity/authn/planted.ts', '../../server/tls/listener.ts'],
    ['errors.ts', './pki/asn1/der.ts'],
  ] as const) {
    const [found] = planted(file, target)
    assert.ok(found, `${file} imports ${target}`)
    assert.equal(judge(found, table).length, 1, `${file} may not import ${target}`)
  }
  assert.equal(importsOf('a.ts', "const m = await import('./b.ts')\nexport { y } from './c.ts'").length, 2)
})

test('a package that is loaded late is taken whole: in the bundle of the command an older one has no names of its own', () => {
  const named = /const \{[^}]*\} = await import\('(?!\.|node:)[^']*'\)/
  const found = sourceFiles().filter(file => named.test(readFileSync(join(src, file), 'utf8')))
  assert.deepEqual(found, [])
  assert.match("const { a } = await import('b')", named)
})

function readTable(): Table {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const rows = page.slice(page.indexOf('| room | may import |')).split('\n').slice(2)
  const table = new Map<string, readonly string[]>()
  for (const row of rows.slice(
    0,
    rows.findIndex(line => !line.startsWith('|')),
  )) {
    const [, room = '', allowed = ''] = row.split('|').map(cell => cell.trim())
    table.set(room, allowed === '' ? [] : allowed.split(', '))
  }
  assert.ok(table.size > 10, 'the table was found')
  return table
}

function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map(path => path.split(sep).join('/'))
    .filter(path => path.endsWith('.ts'))
}

function importsOf(file: string, text: string): Import[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)].map(match => match[1]!)
  return specifiers.map(specifier => ({
    file,
    target: relative(src, join(src, dirname(file), specifier))
      .split(sep)
      .join('/'),
  }))
}

function roomOf(path: string, table: Table): string {
  if (ground.includes(path)) return 'ground'
  const room = [...table.keys()]
    .filter(name => path === name || path.startsWith(`${name}/`))
    .toSorted((a, b) => b.length - a.length)[0]
  return room ?? `no room: ${path}`
}

function judge({ file, target }: Import, table: Table): string[] {
  const from = roomOf(file, table)
  const to = roomOf(target, table)
  if (to === 'ground' || from === to) return []
  const allowed = from === 'ground' ? [] : (table.get(from) ?? [])
  return allowed.includes('*') || allowed.includes(to)
    ? []
    : [`${file} imports ${target}: ${from} may not import ${to}`]
}
