// Of two clients of one authority and one of another, who would lose their way in: told from a server's own audit record.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { outcomeOf } from '../../../src/cli/trust/impact.ts'
import type { AuditRecord } from '../../../src/telemetry/audit/record.ts'
import { testAuthority } from '../../support/certificates.ts'
import { countersign } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { serverProcess } from '../../support/server-process.ts'

const old = testAuthority({ name: 'Old CA' })
const next = testAuthority({ name: 'Next CA' })
const anchor = (alias: string, authority: typeof old) => ({ alias, certificate: authority.certificate })

function record(fields: object): AuditRecord {
  return {
    sequence: 0,
    time: '2026-01-31T12:00:00.000Z',
    kind: 'access-granted',
    fields,
    previous: '',
    hash: '',
  } as AuditRecord
}

test('a path that ends at the anchor is lost, unless something else on it is trusted', () => {
  const leaf = old.issue({ subject: 'CN=alice' }).certificate
  const facts = { thumbprint: leaf.thumbprint, issuer: leaf.issuer.toString() }
  const path = [leaf.thumbprint, old.certificate.thumbprint]
  const gone = [anchor('old', old)]
  assert.deepEqual(outcomeOf(record({ certificate: facts, trustPath: path }), gone, [anchor('next', next)]), {
    outcome: 'loses',
    by: undefined,
  })
  assert.deepEqual(
    outcomeOf(record({ certificate: facts, trustPath: path }), gone, [{ alias: 'alice', certificate: leaf }]),
    { outcome: 'keeps', by: 'alice' },
  )
  assert.deepEqual(outcomeOf(record({ certificate: facts, trustPath: path }), gone, [anchor('twin', old)]), {
    outcome: 'keeps',
    by: 'twin',
  })
  assert.deepEqual(outcomeOf(record({ certificate: facts }), gone, []), { outcome: 'cannot be told', by: undefined })
  assert.equal(outcomeOf(record({ certificate: facts, trustPath: path }), [anchor('next', next)], []), undefined)
  // an authority of the same name with another key is another authority
  const namesake = testAuthority({ name: 'Old CA' })
  assert.equal(
    outcomeOf(record({ certificate: facts, trustPath: path }), gone, [anchor('x', namesake)])?.outcome,
    'loses',
  )
})

test('a running server is asked about the anchor that its clients came by', async () => {
  const folder = scratchFolder()
  const server = await serverProcess({ folder })
  try {
    assert.equal(await server.ask(), 200)
    const alias = JSON.parse((await countersign(['keystore', 'list', join(folder, 'clients.pem'), '--json'])).stdout)
      .entries[0].alias as string
    const asked = async () => countersign(['trust', 'impact', alias, '--config', server.file, '--json'])
    let answer = await asked()
    for (let i = 0; i < 20 && JSON.parse(answer.stdout).certificates.length === 0; i++) answer = await asked()
    const { certificates } = JSON.parse(answer.stdout)
    assert.deepEqual(
      certificates.map(({ subject, user, outcome }: Record<string, string>) => ({ subject, user, outcome })),
      [{ subject: 'CN=alice', user: 'alice', outcome: 'loses' }],
    )
    assert.equal(answer.code, 1)
    // beside a second entry that is the same authority, nobody loses
    writeFileSync(join(folder, 'clients.pem'), server.clients.pem + server.alice.pem)
    const kept = JSON.parse((await asked()).stdout).certificates
    assert.equal(kept[0].outcome, 'keeps', JSON.stringify(kept))
    const unknown = await countersign(['trust', 'impact', 'nobody', '--config', server.file])
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /no trust store has an anchor "nobody"/)
  } finally {
    await server.stop()
  }
})
