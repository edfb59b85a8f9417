import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type KeyType, selfSigned, testAuthority } from './certificates.ts'
import { run } from './run.ts'
import { scratchFolder } from './scratch.ts'

const folder = scratchFolder()

const keyTypes: KeyType[] = ['p-256', 'p-384', 'p-521', 'rsa-2048', 'rsa-pss-2048', 'ed25519', 'ed448', 'ml-dsa-65']
for (const keyType of keyTypes) {
  test(`a chain of ${keyType} keys verifies`, async () => {
    const root = testAuthority({ name: 'Root', keyType })
    const middle = root.intermediate({ keyType, pathLength: 0 })
    const leaf = middle.issue({ subject: 'CN=alice,O=Example', keyType, san: [{ email: 'alice@example.test' }] })
    assert.equal(new X509Certificate(leaf.der).verify(middle.publicKey), true)
    assert.equal(leaf.chain.length, 2)
    // OpenSSL 3.0 knows no ML-DSA
    if (keyType.startsWith('ml-dsa')) return
    writeFileSync(join(folder, 'root.pem'), root.pem)
    writeFileSync(join(folder, 'leaf.pem'), leaf.chainPem)
    writeFileSync(join(folder, 'middle.pem'), middle.pem)
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslclient',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'middle.pem',
      'leaf.pem',
    ]
    const { code, stderr } = await run('openssl', args, { cwd: folder })
    assert.equal(code, 0, stderr)
  })
}

test('a server certificate names the loopback and no more', () => {
  const { der } = testAuthority().issueServer()
  assert.equal(
    new X509Certificate(der).subjectAltName,
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  )
})

test('a self-signed certificate verifies with its own key', () => {
  const { der, publicKey } = selfSigned({ subject: 'CN=wso2carbon' })
  assert.equal(new X509Certificate(der).verify(publicKey), true)
})

test('the parsed certificate says what the factory was told', () => {
  const { certificate, serialNumber, thumbprint } = testAuthority().issue({ subject: 'UID=b+CN=alice,O=Ex\\, ample' })
  assert.equal(certificate.serialNumber, serialNumber)
  assert.equal(certificate.thumbprint, thumbprint)
  assert.equal(certificate.issuer.toString(), 'CN=Test CA')
  assert.match(certificate.subject.toString(), /CN=alice.*,O=Ex\\, ample$/)
})
