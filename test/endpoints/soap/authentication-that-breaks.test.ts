// Who sent the request cannot be found out: the users' table is gone under a running server. 50976 is what the original answers then.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { envelope11, envelope12, openHost, userStore } from './host.ts'

const host = await openHost()
const path = '/services/RemoteUserStoreManagerService'
const call = `<w:deleteUser xmlns:w="${userStore}"><w:userName>bob</w:userName></w:deleteUser>`

const wrapped = {
  'SOAP 1.1': { to: path, type: 'text/xml', body: envelope11(call), status: 500 },
  'SOAP 1.2': { to: path, type: 'application/soap+xml', body: envelope12(call), status: 400 },
  'a form': { to: `${path}/deleteUser`, type: 'application/x-www-form-urlencoded', body: 'userName=bob', status: 500 },
}

test('a caller who cannot be looked up is told so by 50976, and nothing is done', async () => {
  const database = new DatabaseSync(join(host.home.folder, 'data/users.db'))
  try {
    database.exec('ALTER TABLE users RENAME TO elsewhere')
    for (const [name, { to, type, body, status }] of Object.entries(wrapped)) {
      const reply = await host.ask(to, { as: 'admin', headers: { 'Content-Type': type }, body })
      assert.deepEqual(
        [reply.status, reply.fault?.code, reply.fault?.problem],
        [status, '50976', 'internal_error'],
        name,
      )
      assert.equal(reply.fault?.text, 'Access Denied. Authentication failed.')
      assert.ok(!/sqlite|table|elsewhere/i.test(reply.body), 'what broke is for the log')
      assert.equal(reply.headers['set-cookie'], undefined)
    }
  } finally {
    database.exec('ALTER TABLE elsewhere RENAME TO users')
    database.close()
  }
  const reply = await host.call(
    'RemoteUserStoreManagerService',
    userStore,
    'isExistingUser',
    '<w:userName>bob</w:userName>',
  )
  assert.deepEqual(reply.returns, ['true'], 'and who can be looked up again is let in')
})
