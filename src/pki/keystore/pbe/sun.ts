import { createDecipheriv, hash, timingSafeEqual } from 'node:crypto'
import { content, type DerReader, derError, tag } from '../../asn1/der.ts'
import { iterationCount } from './iteration-count.ts'
import { md5Rounds } from './md5-rounds.ts'
import { utf16be } from './password-encodings.ts'
import type { WorkBudget } from './work-budget.ts'

// The two ways in which Sun's own formats encrypt a private key. Neither is written down in a standard.

/** KeyProtector of JKS */
export const jksProtectorOid = '1.3.6.1.4.1.42.2.17.1.1'
/** PBEWithMD5AndTripleDES of JCEKS */
export const jceksProtectorOid = '1.3.6.1.4.1.42.2.19.1'

const digestLength = 20

/** salt, key XOR a stream of SHA-1(password, previous digest), SHA-1(password, key). Undefined: wrong password. */
export function decryptJksKey(data: Uint8Array, password: string): Buffer | undefined {
  if (data.length < 2 * digestLength) throw derError('the encrypted key is too short')
  const octets = utf16be(password)
  const salt = data.subarray(0, digestLength)
  const check = data.subarray(data.length - digestLength)
  const plain = xorStream(data.subarray(digestLength, data.length - digestLength), octets, salt)
  return timingSafeEqual(sha1(octets, plain), check) ? plain : undefined
}

/** The inverse of `decryptJksKey`; `salt` is 20 fresh random octets. */
export function encryptJksKey(plain: Uint8Array, password: string, salt: Uint8Array): Buffer {
  const octets = utf16be(password)
  return Buffer.concat([salt, xorStream(plain, octets, salt), sha1(octets, plain)])
}

function xorStream(data: Uint8Array, password: Buffer, salt: Uint8Array): Buffer {
  const out = Buffer.from(data)
  let digest: Uint8Array = salt
  for (let at = 0; at < out.length; at += digestLength) {
    digest = sha1(password, digest)
    const count = Math.min(digestLength, out.length - at)
    for (let i = 0; i < count; i++) out[at + i]! ^= digest[i]!
  }
  return out
}

const sha1 = (...parts: Uint8Array[]) => hash('sha1', Buffer.concat(parts), 'buffer')

/** Triple DES under MD5 of each half of the salt. `parameters`: inside PBEParameter. Undefined: wrong password. */
export function decryptJceksKey(
  parameters: DerReader,
  data: Uint8Array,
  password: string,
  budget: WorkBudget,
): Buffer | undefined {
  const salt = content(parameters.element(tag.octetString))
  const iterations = iterationCount(parameters.element(tag.integer))
  if (salt.length !== 8) throw derError('the salt of the encrypted key is not 8 octets')
  if (data.length === 0 || data.length % 8 !== 0) return undefined
  // the JDK takes ASCII only here, and keeps seven bits of everything else
  const octets = Buffer.from(Array.from({ length: password.length }, (_, i) => password.charCodeAt(i) & 0x7f))
  budget.spend(2 * iterations * (octets.length > 39 ? 2 : 0.5), `${iterations} iterations of PBEWithMD5AndTripleDES`)
  const derived = Buffer.concat(
    saltHalves(salt).map(half => {
      // only the first round is over half a salt, all others over a digest
      const first = hash('md5', Buffer.concat([half, octets]), 'buffer')
      return md5Rounds(first, octets, iterations - 1)
    }),
  )
  const decipher = createDecipheriv('des-ede3-cbc', derived.subarray(0, 24), derived.subarray(24))
  try {
    return Buffer.concat([decipher.update(data), decipher.final()])
  } catch {
    return undefined
  }
}

/** Equal halves would give equal keys, so Sun turns the first half round: all of it but what its slip of the pen leaves. */
function saltHalves(salt: Uint8Array): [Buffer, Buffer] {
  const first = Buffer.from(salt.subarray(0, 4))
  const second = Buffer.from(salt.subarray(4))
  if (first.equals(second)) {
    for (let i = 0; i < 2; i++) {
      const kept = first[i]!
      first[i] = first[3 - i]!
      first[3 - 1] = kept
    }
  }
  return [first, second]
}
