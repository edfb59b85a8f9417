// The unit is verified by systemd itself, as far as that can be done without being its service.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { emptyKeyStore, setPrivateKey } from '../../src/pki/keystore/change.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import {
  checkConfiguration,
  exampleCertificates,
  projectRoot,
  readExample,
  withValues,
  writeFiles,
} from '../support/example.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const unit = readExample('systemd/countersign.service')
const launcher = join(projectRoot, 'bin/countersign.js')
const credentials = '/run/credentials/countersign.service'

/** Every assignment, by section and key. */
function assignments(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let section = ''
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[(\w+)\]$/.exec(line)?.[1]
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    assert.ok(header !== undefined || key !== undefined, line)
    if (header !== undefined) section = header
    else found.set(`${section}.${key}`, [...(found.get(`${section}.${key}`) ?? []), value!])
  }
  return found
}

suite('examples/systemd', () => {
  const set = assignments(unit)

  test('the unit is closed as far as Node can bear it', () => {
    for (const key of [
      'NoNewPrivileges',
      'ProtectHome',
      'PrivateDevices',
      'PrivateUsers',
      'DynamicUser',
      'LockPersonality',
    ]) {
      assert.deepEqual(set.get(`Service.${key}`), ['yes'], key)
    }
    assert.deepEqual(set.get('Service.ProtectSystem'), ['strict'])
    assert.deepEqual(set.get('Service.CapabilityBoundingSet'), [''])
    // V8 compiles.
    assert.equal(set.get('Service.MemoryDenyWriteExecute'), undefined)
  })

  const systemd = spawnSync('systemd-analyze', ['--version']).status === 0
  test('systemd takes it, and finds little exposed', { skip: !systemd && 'systemd-analyze is not here' }, async () => {
    const file = join(scratchFolder(), 'countersign.service')
    writeFileSync(file, withValues(unit, { '/usr/local/bin/countersign': launcher }))
    const verified = await run('systemd-analyze', ['verify', '--man=no', file])
    assert.deepEqual([verified.code, verified.stderr], [0, ''])
    const secure = await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', file])
    assert.equal(secure.code, 0, secure.stdout)
    writeFileSync(file, withValues(unit, { '/usr/local/bin/countersign': launcher, ProtectSystem: 'ProtectSistem' }))
    assert.match((await run('systemd-analyze', ['verify', '--man=no', file])).stderr, /ProtectSistem/)
  })

  test('its command line is one of ours, and asks for the file that it names', async () => {
    const [program, ...words] = set.get('Service.ExecStart')![0]!.split(' ')
    assert.equal(program, '/usr/local/bin/countersign')
    const missing = join(scratchFolder(), 'countersign.yaml')
    assert.equal(words.at(-1), '/etc/countersign/countersign.yaml')
    const started = await run(process.execPath, [launcher, ...words.with(-1, missing)])
    assert.equal(started.code, 3)
    assert.match(started.stderr, /ERR_CONFIG_UNREADABLE/)
    assert.deepEqual(set.get('Service.ExecReload'), ['/bin/kill -HUP $MAINPID'])
  })

  test('its configuration is fine, and what is written goes where the unit lets it', async () => {
    const folder = scratchFolder()
    const text = readExample('systemd/countersign.yaml')
    const written = [...text.matchAll(/(?:file|folder|secretFile): (\/\S+) \}/g)].map(match => match[1]!)
    assert.equal(written.length, 4)
    const state = `/var/lib/${set.get('Service.StateDirectory')![0]}/`
    for (const path of written) assert.ok(path.startsWith(state), path)
    const { clients, server } = exampleCertificates()
    const named = [...text.matchAll(new RegExp(`${credentials}/(\\S+)`, 'g'))].map(match => match[1]!)
    assert.deepEqual(
      named.toSorted(),
      set
        .get('Service.LoadCredential')!
        .map(each => each.split(':')[0])
        .toSorted(),
    )
    const key = { key: server.privateKey, chain: [server.certificate] }
    const store = encodeKeyStore(setPrivateKey(emptyKeyStore('PKCS12'), 'server', key), { password: 'of the test' })
    writeFiles(folder, {
      'countersign.yaml': withValues(text, { [credentials]: folder, '/var/lib/countersign': join(folder, 'state') }),
      'server.p12': store,
      'keystore-password': 'of the test\n',
      'clients.pem': clients.pem,
    })
    assert.deepEqual((await checkConfiguration(join(folder, 'countersign.yaml'))).warnings, [])
  })
})
