// Files that change while the server runs: a good one is in force within moments, a broken one changes nothing and raises an alarm.
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import type { RunningServer } from '../../src/start/start.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { testAuthority } from '../support/certificates.ts'
import { httpsRequest } from '../support/request.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'

const folder = scratchFolder()
const root = testAuthority({ name: 'Root' })
const other = testAuthority({ name: 'Other' })
const server = root.issueServer()
const client = other.issue({ subject: 'CN=alice' })
let running: RunningServer & { readonly url: string }

before(async () => {
  mkdirSync(join(folder, 'data'))
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'data/users.db') })
  await createSqlUserStore({ storage, hasher: createPasswordHasher() }).add({ tenant: 'default', name: 'alice' })
  await storage.close()
  writeFileSync(join(folder, 'server.pem'), server.keyPem + server.pem)
  replace('trust.pem', root.pem)
  replace('allowed.txt', `${client.thumbprint}\n`)
  running = await serveFrom(
    folder,
    `
listeners: [{ address: 127.0.0.1, port: 0, keyStore: { file: server.pem }, trustStore: [{ file: trust.pem }] }]
management: { port: 0 }
authenticators: { mutual-tls: { allowList: { enabled: true, file: allowed.txt }, bindings: [{ thumbprint: "${client.thumbprint}", users: [alice] }] } }
users: { file: data/users.db }
`,
  )
})

after(() => running?.stop('the test is over'))

test('an anchor that is added to the trust store counts without a signal', async () => {
  assert.equal((await ask()).code, 'issuer_unknown')
  replace('trust.pem', root.pem + other.pem)
  await until(async () => (await ask()).user === 'alice')
})

test('a broken trust store changes nothing, and the alarm stands until it is mended', async () => {
  replace('trust.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n')
  await until(async () => /trust\.pem/.test((await readiness()).checks.reload.detail ?? ''))
  assert.equal((await readiness()).status, 'ready', 'the state before it serves on')
  assert.equal((await ask()).user, 'alice')
  replace('trust.pem', root.pem + other.pem)
  await until(async () => (await readiness()).checks.reload.detail === undefined)
})

test('an anchor that is taken out lets nobody in any more', async () => {
  replace('trust.pem', root.pem)
  await until(async () => (await ask()).code === 'issuer_unknown')
})

test('a certificate that is taken from the file of the allow-list is refused, and a broken file changes nothing', async () => {
  replace('trust.pem', root.pem + other.pem)
  await until(async () => (await ask()).user === 'alice')
  replace('allowed.txt', 'alice\n')
  await until(async () => /allowed\.txt, line 1/.test((await readiness()).checks.reload.detail ?? ''))
  assert.equal((await ask()).user, 'alice')
  replace('allowed.txt', '# nobody\n')
  await until(async () => (await ask()).code === 'not_allow_listed')
})

function replace(name: string, text: string): void {
  writeFileSync(join(folder, `${name}.new`), text)
  renameSync(join(folder, `${name}.new`), join(folder, name))
}

async function ask(): Promise<{ user?: string; code?: string }> {
  const { body } = await httpsRequest(`${running.url}/whoami`, {
    ca: root.pem,
    cert: client.chainPem,
    key: client.keyPem,
  })
  return JSON.parse(body)
}

async function readiness(): Promise<{ status: string; checks: { reload: { detail?: string } } }> {
  const { address, port } = running.management!
  return (await (await fetch(`http://${address}:${port}/readyz`)).json()) as Awaited<ReturnType<typeof readiness>>
}

/** A hang guard, not a measure: a busy machine may take its time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, 'it did not come about')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
