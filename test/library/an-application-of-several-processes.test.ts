// The library in each process of an application: what one of them learns, the others know, as replicas do.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { verifyAudit } from '../../src/telemetry/audit/verify.ts'
import { auditRecords } from '../support/audit-records.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/home.ts'
import { applicationHome, asker, closed } from '../support/library.ts'

const home = await applicationHome()
const file = join(home.folder, 'countersign.yaml')
const audit = { file: 'audit.jsonl', flushInterval: 50 }
writeFileSync(file, JSON.stringify({ ...home.config, audit }))
const port = await freePort()
const application = fork(join(import.meta.dirname, '../support/cluster-application.ts'), [file, String(port)], {
  cwd: home.folder,
})
const ended = once(application, 'exit')
after(async () => {
  if (application.connected) application.disconnect()
  await ended
})
await once(application, 'message')

const alice = () => asker(port, home.serverAuthority, home.alice)

/** Asks on new connections until both processes have answered. */
async function askBoth() {
  const byProcess = new Map<string, { client: ReturnType<typeof alice>; socket: Parameters<typeof closed>[0] }>()
  for (let tries = 0; byProcess.size < 2; tries++) {
    assert.ok(tries < 200, 'one process gets nothing to do')
    const client = alice()
    const { text, socket } = await client.ask()
    const [user, pid = ''] = text.split(' ')
    assert.equal(user, 'alice')
    byProcess.set(pid, { client, socket })
  }
  return [...byProcess.values()]
}

test('both let the same in, and what is locked ends at both', async () => {
  const open = await askBoth()
  const { users } = home
  await users.setState('default', 'alice', 'locked')
  const begin = performance.now()
  await Promise.all(open.map(({ socket }) => closed(socket)))
  assert.ok(performance.now() - begin < 1_500)
  for (let i = 0; i < 10; i++) assert.equal(await alice().who(), 'account_locked')
  await users.setState('default', 'alice', 'active')
  const isIn = () =>
    askBoth().then(
      () => true,
      () => false,
    )
  await until(isIn, 'alice is in again at both')
})

test('they write one record, whose chain is whole', async () => {
  await askBoth()
  application.disconnect()
  await ended
  const record = join(home.folder, 'audit.jsonl')
  const verdict = await verifyAudit([record])
  assert.ok(verdict.ok, JSON.stringify(verdict))
  const started = auditRecords(record).filter(({ kind }) => kind === 'server-started')
  assert.equal(started.length, 2, 'one of each process')
})
