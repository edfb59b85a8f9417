import { hash } from 'node:crypto'
import { content, type DerReader, tag } from '../../asn1/der.ts'
import { type CbcCipher, decryptCbc } from './cbc.ts'
import { iterationCount } from './iteration-count.ts'
import { pkcs5Encodings, pkcs12Encodings } from './password-encodings.ts'
import { pkcs12Kdf } from './pkcs12-kdf.ts'
import { rc4 } from './rc4.ts'
import type { WorkBudget } from './work-budget.ts'

interface Scheme {
  readonly cipher: CbcCipher | 'rc4'
  /** octets */
  readonly keyLength: number
  /** PKCS#12's own derivation, or PBKDF1 with that digest */
  readonly kdf: 'pkcs12' | 'md5' | 'sha1'
}

/** RFC 7292 appendix C and RFC 8018 appendix A.3. The schemes with MD2 are left out: nobody has it any more. */
export const pbes1Schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>([
  ['1.2.840.113549.1.12.1.1', { cipher: 'rc4', keyLength: 16, kdf: 'pkcs12' }],
  ['1.2.840.113549.1.12.1.2', { cipher: 'rc4', keyLength: 5, kdf: 'pkcs12' }],
  ['1.2.840.113549.1.12.1.3', { cipher: { name: 'des-ede3-cbc' }, keyLength: 24, kdf: 'pkcs12' }],
  ['1.2.840.113549.1.12.1.4', { cipher: { name: 'des-ede-cbc' }, keyLength: 16, kdf: 'pkcs12' }],
  ['1.2.840.113549.1.12.1.5', { cipher: { name: 'rc2-cbc', effectiveBits: 128 }, keyLength: 16, kdf: 'pkcs12' }],
  ['1.2.840.113549.1.12.1.6', { cipher: { name: 'rc2-cbc', effectiveBits: 40 }, keyLength: 5, kdf: 'pkcs12' }],
  ['1.2.840.113549.1.5.3', { cipher: { name: 'des-cbc' }, keyLength: 8, kdf: 'md5' }],
  ['1.2.840.113549.1.5.6', { cipher: { name: 'rc2-cbc', effectiveBits: 64 }, keyLength: 8, kdf: 'md5' }],
  ['1.2.840.113549.1.5.10', { cipher: { name: 'des-cbc' }, keyLength: 8, kdf: 'sha1' }],
  ['1.2.840.113549.1.5.11', { cipher: { name: 'rc2-cbc', effectiveBits: 64 }, keyLength: 8, kdf: 'sha1' }],
])

/** Each plaintext that has the right padding, one per encoding of the password. `parameters`: inside PBEParameter. */
export function* decryptPbes1(
  scheme: Scheme,
  parameters: DerReader,
  data: Uint8Array,
  password: string,
  budget: WorkBudget,
): Iterable<Buffer> {
  const salt = content(parameters.element(tag.octetString))
  const iterations = iterationCount(parameters.element(tag.integer))
  const { cipher, keyLength, kdf } = scheme
  for (const octets of kdf === 'pkcs12' ? pkcs12Encodings(password) : pkcs5Encodings(password)) {
    if (kdf !== 'pkcs12') {
      const derived = pbkdf1(kdf, octets, salt, iterations, budget)
      yield* found(decryptCbc(cipher as CbcCipher, derived.subarray(0, 8), derived.subarray(8, 16), data))
      continue
    }
    const input = { digest: 'sha1', password: octets, salt, iterations }
    const key = pkcs12Kdf(input, 'key', keyLength, budget)
    if (cipher === 'rc4') yield rc4(key, data)
    else {
      // RC2 runs in JavaScript: what it costs depends on the length of the file
      if (cipher.name === 'rc2-cbc') budget.spend(data.length / 10, 'RC2 over very much data')
      yield* found(decryptCbc(cipher, key, pkcs12Kdf(input, 'iv', 8, budget), data))
    }
  }
}

/** RFC 8018 section 5.1 */
function pbkdf1(digest: string, password: Buffer, salt: Uint8Array, iterations: number, budget: WorkBudget): Buffer {
  budget.spend(iterations * 1.5, `${iterations} iterations of PBKDF1`)
  let t = Buffer.concat([password, salt])
  for (let i = 0; i < iterations; i++) t = hash(digest, t, 'buffer')
  return t
}

function found(plain: Buffer | undefined): Buffer[] {
  return plain === undefined ? [] : [plain]
}
