import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import { baseTime, day, type KeyType, testAuthority } from '../../support/certificates.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = scratchFolder()

const keyTypes: KeyType[] = ['p-256', 'rsa-2048', 'rsa-pss-2048', 'ed25519']
for (const keyType of keyTypes) {
  test(`OpenSSL verifies a CRL signed with ${keyType}, and refuses what stands on it`, async () => {
    const ca = testAuthority({ keyType })
    const good = ca.issue()
    const bad = ca.issue()
    writeFileSync(join(folder, 'ca.pem'), ca.pem)
    writeFileSync(
      join(folder, 'ca.crl'),
      ca.crl([{ serialNumber: bad.serialNumber, revokedAt: baseTime - day, reason: 'keyCompromise' }]),
    )
    writeFileSync(join(folder, 'good.pem'), good.pem)
    writeFileSync(join(folder, 'bad.pem'), bad.pem)
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
    const text = await openssl('crl', '-inform', 'DER', '-in', 'ca.crl', '-CAfile', 'ca.pem', '-noout', '-text')
    assert.match(text.stderr, /verify OK/)
    assert.match(text.stdout, /CRL Number: *\n *1\n/)
    assert.match(text.stdout, /Key Compromise/)
    assert.match(text.stdout, new RegExp(`Serial Number: ${bad.serialNumber}`, 'i'))
    await openssl('crl', '-inform', 'DER', '-in', 'ca.crl', '-out', 'ca.crl.pem')
    const verify = (file: string) =>
      openssl('verify', '-crl_check', '-CAfile', 'ca.pem', '-CRLfile', 'ca.crl.pem', file)
    assert.equal((await verify('good.pem')).code, 0)
    assert.match((await verify('bad.pem')).stderr, /certificate revoked/)
  })
}

test('an empty CRL has no list of entries', async () => {
  const ca = testAuthority()
  writeFileSync(join(folder, 'empty.crl'), ca.crl())
  const { stdout } = await run('openssl', ['crl', '-inform', 'DER', '-in', 'empty.crl', '-noout', '-text'], {
    cwd: folder,
  })
  assert.match(stdout, /No Revoked Certificates/)
})

test('"unspecified" is said by leaving the reason out', () => {
  const ca = testAuthority()
  const entry = { serialNumber: '0a', revokedAt: baseTime }
  const reasonCode = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x15])
  assert.equal(ca.crl([{ ...entry, reason: 'unspecified' }]).includes(reasonCode), false)
  assert.equal(ca.crl([{ ...entry, reason: 'superseded' }]).includes(reasonCode), true)
})

test('a list may have as many entries as it needs', () => {
  const ca = testAuthority()
  const entries = 200_000
  const revoked = Array.from({ length: entries }, (_, i) => ({
    serialNumber: `40${i.toString(16).padStart(8, '0')}`,
    revokedAt: baseTime - day,
  }))
  assert.equal(parseCrl(ca.crl(revoked)).size, entries)
})
