import assert from 'node:assert/strict'
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { type Authority, createAuthority, openAuthority } from '../../../src/pki/authority/authority.ts'
import { issueCertificate, type Order } from '../../../src/pki/authority/issue.ts'
import { publishCrl } from '../../../src/pki/authority/publish-crl.ts'
import { readRegister } from '../../../src/pki/authority/register.ts'
import { renewCertificate } from '../../../src/pki/authority/renew.ts'
import { revokeCertificate } from '../../../src/pki/authority/revoke.ts'
import { writePem } from '../../../src/pki/x509/pem.ts'
import { baseTime, day, type KeyType, testAuthority, testKey } from '../../support/certificates.ts'
import { run } from '../../support/run.ts'
import { scratchFolder } from '../../support/scratch.ts'

const scratch = scratchFolder()
let folders = 0
const newFolder = () => join(scratch, `authority-${++folders}`)
const openssl = (...args: string[]) => run('openssl', args, { cwd: scratch })

async function create(options: { keyType?: KeyType; password?: string; notAfter?: number } = {}): Promise<Authority> {
  return createAuthority(newFolder(), {
    subject: 'CN=Our CA,O=Example',
    privateKey: testKey(options.keyType, 'authority').privateKey,
    notBefore: baseTime - day,
    notAfter: options.notAfter ?? baseTime + 3650 * day,
    password: options.password,
  })
}

const order = (changes: Partial<Order> = {}): Order => ({
  profile: 'client',
  subject: 'CN=alice',
  names: [],
  key: testKey().publicKey,
  notBefore: baseTime - day,
  notAfter: baseTime + 365 * day,
  ...changes,
})

const code = (wanted: string) => (error: unknown) => isCoded(error, wanted) && Boolean(error.remedy)

for (const keyType of ['p-256', 'rsa-2048', 'ed25519'] as const) {
  test(`OpenSSL verifies what an authority with a ${keyType} key issues, for its purpose and no other`, async () => {
    const authority = await create({ keyType })
    const names = [{ dns: 'a.example.test' }, { ip: '192.0.2.1' }]
    const client = await issueCertificate(authority, order({ names: [{ email: 'alice@example.test' }] }))
    const server = await issueCertificate(authority, order({ profile: 'server', subject: 'CN=a', names }))
    writeFileSync(join(scratch, 'client.pem'), writePem('CERTIFICATE', client.raw))
    writeFileSync(join(scratch, 'server.pem'), writePem('CERTIFICATE', server.raw))
    const verify = async (file: string, ...more: string[]) => {
      const { code } = await openssl(
        'verify',
        '-x509_strict',
        '-CAfile',
        join(authority.folder, 'ca.crt'),
        ...more,
        file,
      )
      return code
    }
    assert.equal(await verify('client.pem', '-purpose', 'sslclient', '-verify_email', 'alice@example.test'), 0)
    assert.equal(await verify('server.pem', '-purpose', 'sslserver', '-verify_hostname', 'a.example.test'), 0)
    assert.notEqual(await verify('client.pem', '-purpose', 'sslserver'), 0)
    assert.notEqual(await verify('server.pem', '-purpose', 'sslclient'), 0)
  })
}

test('an authority signs end entities only', async () => {
  const authority = await create()
  const { stdout } = await openssl('x509', '-in', join(authority.folder, 'ca.crt'), '-noout', '-text')
  assert.match(stdout, /Basic Constraints: critical\n +CA:TRUE, pathlen:0\n/)
  assert.match(stdout, /Key Usage: critical\n +Certificate Sign, CRL Sign\n/)
})

test('the key is for its owner only, and one that others could read is not used', async () => {
  const { folder } = await create()
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, 'ca.key')).mode & 0o777, 0o600)
  chmodSync(join(folder, 'ca.key'), 0o640)
  await assert.rejects(openAuthority(folder), code('ERR_AUTHORITY_KEY_EXPOSED'))
})

test('an authority is opened as it was made, with the password when there is one', async () => {
  const plain = await create()
  assert.ok((await openAuthority(plain.folder)).certificate.raw.equals(plain.certificate.raw))
  const locked = await create({ password: 'sesame' })
  assert.match(readFileSync(join(locked.folder, 'ca.key'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/)
  assert.ok((await openAuthority(locked.folder, { password: 'sesame' })).privateKey.equals(locked.privateKey))
  for (const password of [undefined, 'wrong']) {
    await assert.rejects(openAuthority(locked.folder, { password }), code('ERR_AUTHORITY_WRONG_PASSWORD'))
  }
})

test('an authority is never overwritten', async () => {
  const { folder } = await create()
  const again = createAuthority(folder, {
    subject: 'CN=x',
    privateKey: testKey().privateKey,
    notBefore: baseTime,
    notAfter: baseTime + day,
  })
  await assert.rejects(again, code('ERR_AUTHORITY_EXISTS'))
  await openAuthority(folder)
})

test('files that do not belong together are refused', async () => {
  await assert.rejects(openAuthority(newFolder()), code('ERR_AUTHORITY_MISSING'))
  const spoil: [string, string][] = [
    ['ca.key', testKey().privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
    ['ca.key', 'no key'],
    ['ca.crt', 'no certificate'],
    ['ca.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ]
  for (const [name, content] of spoil) {
    const { folder } = await create()
    writeFileSync(join(folder, name), content)
    await assert.rejects(openAuthority(folder), code('ERR_AUTHORITY_MALFORMED'), `${name}: ${content.slice(0, 20)}`)
  }
  const leaf = testAuthority().issue()
  const { folder } = await create()
  writeFileSync(join(folder, 'ca.crt'), leaf.pem)
  writeFileSync(join(folder, 'ca.key'), leaf.keyPem)
  await assert.rejects(openAuthority(folder), code('ERR_AUTHORITY_MALFORMED'))
})

test('a damaged register stops everything that would change it', async () => {
  for (const content of [
    '',
    '{}',
    '{"version":1,"crlNumber":-1,"certificates":[]}',
    '{"version":1,"crlNumber":0,"certificates":[{}]}',
  ]) {
    const authority = await create()
    writeFileSync(join(authority.folder, 'register.json'), content)
    await assert.rejects(issueCertificate(authority, order()), code('ERR_AUTHORITY_MALFORMED'))
    await assert.rejects(publishCrl(authority, { at: baseTime, days: 7 }), code('ERR_AUTHORITY_MALFORMED'))
    assert.equal(readFileSync(join(authority.folder, 'register.json'), 'utf8'), content)
  }
})

test('everything issued stands in the register, also when several are issued at once', async () => {
  const authority = await create()
  const issued = await Promise.all(
    ['a', 'b', 'c', 'd'].map(name => issueCertificate(authority, order({ subject: `CN=${name}` }))),
  )
  const { certificates } = await readRegister(authority.folder)
  assert.deepEqual(certificates.map(each => each.thumbprint).toSorted(), issued.map(each => each.thumbprint).toSorted())
})

test('no certificate outlives its authority', async () => {
  const authority = await create({ notAfter: baseTime + 10 * day })
  const certificate = await issueCertificate(authority, order())
  assert.equal(certificate.notAfter, baseTime + 10 * day)
})

test('what our own validation would refuse is not issued, and not entered', async () => {
  const authority = await create()
  const expired = await create({ notAfter: baseTime - day / 2 })
  const refused: [string, Authority, Order, string][] = [
    ['a weak key', authority, order({ key: testKey('rsa-1024').publicKey }), 'ERR_AUTHORITY_UNFIT'],
    ["the authority's own key", authority, order({ key: authority.privateKey }), 'ERR_AUTHORITY_UNFIT'],
    ['nobody', authority, order({ subject: '' }), 'ERR_AUTHORITY_UNFIT'],
    ['an authority that has expired', expired, order({ notBefore: baseTime }), 'ERR_AUTHORITY_UNFIT'],
    ['a server without a name', authority, order({ profile: 'server' }), 'ERR_AUTHORITY_NAME_MISSING'],
    ['a name that is none', authority, order({ names: [{ ip: '1.2.3' }] }), 'ERR_NAME_MALFORMED'],
  ]
  for (const [what, by, wanted, expected] of refused) {
    await assert.rejects(issueCertificate(by, wanted), code(expected), what)
    assert.deepEqual((await readRegister(by.folder)).certificates, [], what)
  }
})

test('a certificate with names and an empty subject says so in a critical extension', async () => {
  const certificate = await issueCertificate(
    await create(),
    order({ subject: '', names: [{ upn: 'alice@example.test' }] }),
  )
  assert.equal(certificate.extensions.get('2.5.29.17')?.critical, true)
})

test('renewal keeps the names byte for byte, and takes a new key where there is one', async () => {
  const authority = await create()
  const names = [{ email: 'alice@example.test' }, { upn: 'alice@example.test' }]
  const old = await issueCertificate(
    authority,
    order({ subject: [{ type: 'CN', value: 'Alice', encoding: 'bmp' }], names }),
  )
  const validity = { notBefore: baseTime, notAfter: baseTime + 30 * day }
  const same = await renewCertificate(authority, { certificate: old.serialNumber.toUpperCase(), ...validity })
  const { publicKey } = testKey()
  const fresh = await renewCertificate(authority, { certificate: old.thumbprint, key: publicKey, ...validity })
  for (const renewed of [same, fresh]) {
    assert.deepEqual(renewed.subject.raw, old.subject.raw)
    assert.deepEqual(renewed.extensions.get('2.5.29.17')?.value, old.extensions.get('2.5.29.17')?.value)
    assert.deepEqual([renewed.notBefore, renewed.notAfter], Object.values(validity))
    assert.notEqual(renewed.serialNumber, old.serialNumber)
  }
  assert.ok(same.publicKey().equals(old.publicKey()))
  assert.ok(fresh.publicKey().equals(publicKey))
  const { certificates } = await readRegister(authority.folder)
  assert.deepEqual(
    certificates.map(({ renews }) => renews),
    [undefined, old.serialNumber, old.serialNumber],
  )
})

test('what was revoked, is unknown or was exchanged on disk is not renewed', async () => {
  const authority = await create()
  const validity = { notBefore: baseTime, notAfter: baseTime + 30 * day }
  const revoked = await issueCertificate(authority, order())
  await revokeCertificate(authority, { certificate: revoked.serialNumber, reason: 'superseded', at: baseTime })
  const renew = (certificate: string) => renewCertificate(authority, { certificate, ...validity })
  await assert.rejects(renew(revoked.serialNumber), code('ERR_AUTHORITY_CERTIFICATE_REVOKED'))
  await assert.rejects(renew('0a'), code('ERR_AUTHORITY_CERTIFICATE_UNKNOWN'))
  const exchanged = await issueCertificate(authority, order())
  const file = join(authority.folder, 'issued', `${exchanged.serialNumber}.crt`)
  writeFileSync(file, writePem('CERTIFICATE', revoked.raw))
  await assert.rejects(renew(exchanged.serialNumber), code('ERR_AUTHORITY_MALFORMED'))
  rmSync(file)
  await assert.rejects(renew(exchanged.serialNumber), code('ERR_AUTHORITY_MALFORMED'))
})

test('OpenSSL refuses what stands on the published list, and accepts what does not', async () => {
  const authority = await create()
  const good = await issueCertificate(authority, order())
  const bad = await issueCertificate(authority, order())
  const revocation = { certificate: bad.thumbprint, reason: 'keyCompromise', at: baseTime } as const
  const { entry, before } = await revokeCertificate(authority, revocation)
  assert.deepEqual([entry.revoked, before], [{ at: baseTime, reason: 'keyCompromise' }, false])
  const published = await publishCrl(authority, { at: baseTime, days: 7 })
  assert.deepEqual([published.number, published.size], [1, 1])
  writeFileSync(join(scratch, 'published.pem'), writePem('X509 CRL', published.der))
  const check = async (raw: Buffer) => {
    writeFileSync(join(scratch, 'check.pem'), writePem('CERTIFICATE', raw))
    const ca = join(authority.folder, 'ca.crt')
    return (await openssl('verify', '-crl_check', '-CAfile', ca, '-CRLfile', 'published.pem', 'check.pem')).stderr
  }
  assert.equal(await check(good.raw), '')
  assert.match(await check(bad.raw), /certificate revoked/)
})

test('a certificate that is revoked twice keeps the first time and reason', async () => {
  const authority = await create()
  const { serialNumber } = await issueCertificate(authority, order())
  const revoke = (reason: 'keyCompromise' | 'superseded', at: number) =>
    revokeCertificate(authority, { certificate: serialNumber, reason, at })
  await revoke('keyCompromise', baseTime)
  const { entry, before } = await revoke('superseded', baseTime + day)
  assert.deepEqual([entry.revoked, before], [{ at: baseTime, reason: 'keyCompromise' }, true])
})

test('numbers of lists rise, and an entry leaves the list only some time after its certificate has ended', async () => {
  const authority = await create()
  const { serialNumber } = await issueCertificate(authority, order({ notAfter: baseTime + day }))
  await revokeCertificate(authority, { certificate: serialNumber, reason: 'superseded', at: baseTime })
  const sizes: [number, number][] = []
  for (const later of [0, 10, 20]) {
    const { number, size } = await publishCrl(authority, { at: baseTime + later * day, days: 7 })
    sizes.push([number, size])
  }
  assert.deepEqual(sizes, [
    [1, 1],
    [2, 1],
    [3, 0],
  ])
})
