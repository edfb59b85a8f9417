import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { content, type DerReader, derError, readOid, tag } from '../../asn1/der.ts'
import { keyStoreError } from '../keystore-error.ts'
import { blockSize, type CbcCipher, decryptCbc } from './cbc.ts'
import { iterationCount } from './iteration-count.ts'
import { pkcs5Encodings } from './password-encodings.ts'
import type { WorkBudget } from './work-budget.ts'

export const pbes2Oid = '1.2.840.113549.1.5.13'
export const pbkdf2Oid = '1.2.840.113549.1.5.12'
const scryptOid = '1.3.6.1.4.1.11591.4.11'

interface Prf {
  /** by the name of node:crypto */
  readonly digest: string
  /** octets of output */
  readonly length: number
  /** of one iteration for one output, in microseconds */
  readonly cost: number
}

/** RFC 8018 appendix B.1 */
export const hmacs: ReadonlyMap<string, Prf> = new Map([
  ['1.2.840.113549.2.5', { digest: 'md5', length: 16, cost: 0.5 }],
  ['1.2.840.113549.2.7', { digest: 'sha1', length: 20, cost: 0.35 }],
  ['1.2.840.113549.2.8', { digest: 'sha224', length: 28, cost: 0.2 }],
  ['1.2.840.113549.2.9', { digest: 'sha256', length: 32, cost: 0.2 }],
  ['1.2.840.113549.2.10', { digest: 'sha384', length: 48, cost: 0.5 }],
  ['1.2.840.113549.2.11', { digest: 'sha512', length: 64, cost: 0.5 }],
  ['1.2.840.113549.2.12', { digest: 'sha512-224', length: 28, cost: 0.5 }],
  ['1.2.840.113549.2.13', { digest: 'sha512-256', length: 32, cost: 0.5 }],
])
const hmacSha1 = '1.2.840.113549.2.7'

/** A key derivation with all its parameters: octets of a password in, a key out. */
export interface Derivation {
  /** octets, when the parameters say */
  readonly keyLength: number | undefined
  derive(password: Buffer, length: number, budget: WorkBudget): Buffer
}

/** Each plaintext that has the right padding, one per encoding of the password. `parameters`: inside PBES2-params (RFC 8018 appendix A.4). */
export function* decryptPbes2(
  parameters: DerReader,
  data: Uint8Array,
  password: string,
  budget: WorkBudget,
): Iterable<Buffer> {
  const derivation = readDerivation(parameters.enter())
  const { cipher, keyLength, iv } = readScheme(parameters.enter(), derivation.keyLength)
  if (iv.length !== blockSize(cipher)) throw derError('the initialization vector has the wrong length')
  for (const octets of pkcs5Encodings(password)) {
    if (cipher.name === 'rc2-cbc') budget.spend(data.length / 10, 'RC2 over very much data')
    const plain = decryptCbc(cipher, derivation.derive(octets, keyLength, budget), iv, data)
    if (plain !== undefined) yield plain
  }
}

/** PBKDF2-params (RFC 8018 appendix A.2) or scrypt-params (RFC 7914 section 7.1), inside the AlgorithmIdentifier. */
export function readDerivation(algorithm: DerReader): Derivation {
  const oid = readOid(algorithm.element(tag.oid))
  if (oid === pbkdf2Oid) return readPbkdf2(algorithm.enter())
  if (oid === scryptOid) return readScrypt(algorithm.enter())
  throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `the key derivation ${oid} is not supported`)
}

function readPbkdf2(parameters: DerReader): Derivation {
  const salt = content(parameters.element(tag.octetString))
  const iterations = iterationCount(parameters.element(tag.integer))
  const length = parameters.optional(tag.integer)
  const prfOid = parameters.done ? hmacSha1 : readOid(parameters.enter().element(tag.oid))
  const prf = hmacs.get(prfOid)
  if (prf === undefined) throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `PBKDF2 with ${prfOid} is not supported`)
  return {
    keyLength: length && iterationCount(length),
    derive(password, keyLength, budget) {
      const blocks = Math.ceil(keyLength / prf.length)
      budget.spend(blocks * iterations * prf.cost, `${iterations} iterations of PBKDF2`)
      return pbkdf2Sync(password, salt, iterations, keyLength, prf.digest)
    },
  }
}

/** One cost unit of scrypt (128 octets of memory, mixed twice), in microseconds. */
const scryptUnit = 0.5
const scryptMemory = 64 * 1024 * 1024

function readScrypt(parameters: DerReader): Derivation {
  const salt = content(parameters.element(tag.octetString))
  const [N, r, p] = [1, 2, 3].map(() => iterationCount(parameters.element(tag.integer))) as [number, number, number]
  const length = parameters.optional(tag.integer)
  return {
    keyLength: length && iterationCount(length),
    derive(password, keyLength, budget) {
      const what = `scrypt with N=${N}, r=${r}, p=${p}`
      if (128 * r * (N + p + 2) > scryptMemory) budget.spend(Number.POSITIVE_INFINITY, what)
      budget.spend(N * r * p * scryptUnit, what)
      try {
        return scryptSync(password, salt, keyLength, { N, r, p, maxmem: 2 * scryptMemory })
      } catch (cause) {
        throw derError(`${what} cannot be computed`, cause)
      }
    },
  }
}

const aes = '2.16.840.1.101.3.4.1.'

/** Ciphers with the length of their keys in octets. */
const ciphers: ReadonlyMap<string, { cipher: CbcCipher; keyLength: number }> = new Map([
  [`${aes}2`, { cipher: { name: 'aes-128-cbc' as const }, keyLength: 16 }],
  [`${aes}22`, { cipher: { name: 'aes-192-cbc' as const }, keyLength: 24 }],
  [`${aes}42`, { cipher: { name: 'aes-256-cbc' as const }, keyLength: 32 }],
  ['1.2.840.113549.3.7', { cipher: { name: 'des-ede3-cbc' as const }, keyLength: 24 }],
  ['1.3.14.3.2.7', { cipher: { name: 'des-cbc' as const }, keyLength: 8 }],
])
const rc2Oid = '1.2.840.113549.3.2'

function readScheme(algorithm: DerReader, derivedLength: number | undefined) {
  const oid = readOid(algorithm.element(tag.oid))
  if (oid === rc2Oid) return readRc2(algorithm.enter(), derivedLength)
  const known = ciphers.get(oid)
  if (known === undefined) throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `the cipher ${oid} is not supported`)
  const iv = content(algorithm.element(tag.octetString))
  return { ...known, iv }
}

/** RFC 8018 appendix B.2.3: the version stands for the effective key bits in an odd way. */
function readRc2(parameters: DerReader, derivedLength = 16) {
  const version = parameters.optional(tag.integer)
  const number = version === undefined ? undefined : iterationCount(version)
  const effectiveBits = number === undefined ? 32 : (rc2Versions.get(number) ?? number)
  const iv = content(parameters.element(tag.octetString))
  if (effectiveBits > 1024 || derivedLength > 128) throw derError('the RC2 key is too long')
  return { cipher: { name: 'rc2-cbc' as const, effectiveBits }, keyLength: derivedLength, iv }
}

const rc2Versions: ReadonlyMap<number, number> = new Map([
  [160, 40],
  [120, 64],
  [58, 128],
])
