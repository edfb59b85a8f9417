// What `npm pack` makes is installed in an empty folder, and used there as its users would: command line and library.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const root = join(import.meta.dirname, '../..')
const folder = scratchFolder()
const installed = join(folder, 'node_modules', 'countersign')

before(async () => {
  // A copy, so that two builds never meet in one dist/.
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of readdirSync(root)) {
    if (!['node_modules', '.git', 'dist', '.countersign'].includes(name))
      cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const built = await run('npm', ['run', 'build'], { cwd: copy, timeout: 180_000 })
  assert.equal(built.code, 0, built.stdout + built.stderr)
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts'], { cwd: copy })
  assert.equal(packed.code, 0, packed.stderr)
  const tarball = readdirSync(copy).find(name => name.endsWith('.tgz'))
  assert.ok(tarball)
  mkdirSync(installed, { recursive: true })
  const unpacked = await run('tar', ['-xzf', join(copy, tarball), '-C', installed, '--strip-components=1'])
  assert.equal(unpacked.code, 0, unpacked.stderr)
  // The dependencies are those that the lock file names: linked, not fetched again.
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  for (const name of transitive(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))) {
    const target = join(folder, 'node_modules', name)
    mkdirSync(join(target, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), target)
  }
})

/** With the dependencies of the dependencies: a development package that source imports by mistake is not among them. */
function transitive(names: readonly string[]): Set<string> {
  const all = new Set<string>()
  const visit = (name: string) => {
    if (all.has(name)) return
    all.add(name)
    const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    for (const next of Object.keys(manifest.dependencies ?? {})) visit(next)
  }
  for (const name of names) visit(name)
  return all
}

test('it holds what it needs and nothing else', () => {
  const names = readdirSync(installed)
  for (const name of ['bin', 'dist', 'LICENSE', 'README.md', 'package.json']) assert.ok(names.includes(name), name)
  for (const name of ['src', 'test', 'bench', '.ci', 'scripts']) assert.ok(!names.includes(name), name)
  assert.match(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).engines.node, /^>=26/)
})

test('its command runs', async () => {
  const version = await run(process.execPath, [join(installed, 'bin/countersign.js'), '--version'], { cwd: folder })
  assert.equal(
    version.stdout.trim(),
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    version.stderr,
  )
  const made = await run(
    process.execPath,
    [join(installed, 'bin/countersign.js'), 'keystore', 'list', 'none.jks', '--json'],
    { cwd: folder },
  )
  assert.equal(made.code, 3)
  assert.match(made.stdout + made.stderr, /ERR_/)
})

test('its library can be imported, with types', async () => {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'use.ts'),
    `import { openKeyStore, parseCertificate, validatePath, type Verdict } from 'countersign'
const verdict: Verdict | undefined = undefined
console.log(typeof openKeyStore, typeof parseCertificate, typeof validatePath, verdict)
`,
  )
  const used = await run(process.execPath, ['use.ts'], { cwd: folder })
  assert.equal(used.stdout.trim(), 'function function function undefined', used.stderr)
  const flags = [
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    '--strict',
  ]
  const checked = await run(join(root, 'node_modules/.bin/tsc'), [...flags, 'use.ts'], { cwd: folder })
  assert.equal(checked.code, 0, checked.stdout)
})
