import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { buildChain } from '../../src/cli/keytool/chain.ts'
import { javaCertificate } from '../../src/cli/keytool/java-certificate.ts'
import { readCertificates } from '../../src/cli/read-certificates.ts'
import { CodedError } from '../../src/errors.ts'
import { parseCertificate } from '../../src/pki/x509/certificate.ts'
import { testAuthority, testKey } from '../support/certificates.ts'
import { run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'

const folder = scratchFolder()
const ca = testAuthority()
const leaf = ca.intermediate().issue()
const thumbprints = (bytes: Uint8Array) => readCertificates(bytes, 'a file').map(certificate => certificate.thumbprint)
const chain = leaf.chain.map(der => parseCertificate(der).thumbprint)

before(async () => {
  writeFileSync(join(folder, 'chain.pem'), leaf.chainPem)
  const args = ['crl2pkcs7', '-nocrl', '-certfile', 'chain.pem']
  assert.equal((await run('openssl', [...args, '-out', 'chain.p7b'], { cwd: folder })).code, 0)
  assert.equal((await run('openssl', [...args, '-outform', 'der', '-out', 'chain.p7c'], { cwd: folder })).code, 0)
})

test('DER, PEM with text around, and PKCS#7 as OpenSSL makes it, are read in their order', () => {
  assert.deepEqual(thumbprints(leaf.der), chain.slice(0, 1))
  assert.deepEqual(thumbprints(Buffer.from(`subject: me\r\n${leaf.chainPem.replaceAll('\n', '\r\n')}bye`)), chain)
  assert.deepEqual(thumbprints(readFileSync(join(folder, 'chain.p7b'))).toSorted(), chain.toSorted())
  assert.deepEqual(thumbprints(readFileSync(join(folder, 'chain.p7c'))).toSorted(), chain.toSorted())
})

test('a file without a certificate is told by name', () => {
  const key = ca.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  assert.throws(() => readCertificates(Buffer.from(key), 'server.key'), {
    code: 'ERR_CERTIFICATE_MISSING',
    message: /^server\.key holds no/,
  })
  for (const bytes of ['', 'hello', '0\x80'])
    assert.throws(() => readCertificates(Buffer.from(bytes), 'x'), { code: 'ERR_CERTIFICATE_MALFORMED' })
})

test('no bytes crash the reader or the printer', () => {
  const seeds = [leaf.der, readFileSync(join(folder, 'chain.p7c')), Buffer.from(leaf.chainPem)]
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
      fc.nat(),
      (seed, changes, cut) => {
        const bytes = Buffer.from(seed)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        try {
          const read = readCertificates(cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes, 'x')
          for (const certificate of read) assert.match(javaCertificate(certificate), /^Owner: /)
        } catch (error) {
          assert.ok(error instanceof CodedError, String(error))
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('a store full of authorities with one name and one key costs little', () => {
  const key = testKey('p-256', 'shared')
  const many = Array.from({ length: 60 }, () => parseCertificate(ca.issue({ subject: 'CN=same', key }).der))
  const cross = testAuthority({ name: 'CN=same', key })
  const stranger = parseCertificate(cross.issue({ subject: 'CN=below' }).der)
  assert.equal(buildChain(stranger, many), undefined)
  assert.equal(buildChain(stranger, [...many, parseCertificate(cross.der)])?.length, 2)
})
