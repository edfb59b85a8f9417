import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import { integer, nullValue, octetString, oid, sequence } from '../asn1/der.ts'
import { pbes2Oid, pbkdf2Oid } from './pbe/pbes2.ts'
import { encryptJksKey, jksProtectorOid } from './pbe/sun.ts'

/** What the JDK takes since version 8u301 */
const iterations = 10_000
const hmacSha256 = '1.2.840.113549.2.9'
const aes256Cbc = '2.16.840.1.101.3.4.1.42'

/** EncryptedPrivateKeyInfo (RFC 5958) under PBES2, as PKCS#12 and PEM hold it. */
export function sealModern(pkcs8: Uint8Array, password: string): Buffer {
  const { algorithm, ciphertext } = encryptPbes2(pkcs8, password)
  return sequence(algorithm, octetString(ciphertext))
}

/** EncryptedPrivateKeyInfo under the key protector of JKS. */
export function sealJks(pkcs8: Uint8Array, password: string): Buffer {
  const algorithm = sequence(oid(jksProtectorOid), nullValue())
  return sequence(algorithm, octetString(encryptJksKey(pkcs8, password, randomBytes(20))))
}

/** PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC (RFC 8018 section 6.2): what the JDK and OpenSSL 3 write by default. */
export function encryptPbes2(plain: Uint8Array, password: string): { algorithm: Buffer; ciphertext: Buffer } {
  const salt = randomBytes(20)
  const iv = randomBytes(16)
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), salt, iterations, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()])
  const kdf = sequence(
    oid(pbkdf2Oid),
    sequence(octetString(salt), integer(iterations), integer(32), sequence(oid(hmacSha256), nullValue())),
  )
  const algorithm = sequence(oid(pbes2Oid), sequence(kdf, sequence(oid(aes256Cbc), octetString(iv))))
  return { algorithm, ciphertext }
}
