import { hash } from 'node:crypto'
import { sha1Rounds } from './sha1-rounds.ts'
import { sha256Rounds } from './sha256-rounds.ts'
import type { WorkBudget } from './work-budget.ts'

export type KdfPurpose = 'key' | 'iv' | 'mac'

/** RFC 7292 appendix B.3 */
const purposeOctet = { key: 1, iv: 2, mac: 3 } as const

/** Digests by the names of node:crypto, with the block size `v` of RFC 7292 appendix B.2, in octets. */
export const kdfDigests: Readonly<Record<string, number>> = {
  md5: 64,
  sha1: 64,
  sha224: 64,
  sha256: 64,
  sha384: 128,
  sha512: 128,
  'sha512-224': 128,
  'sha512-256': 128,
}

/** What one round of a digest costs, in microseconds; 1.5 through node:crypto. */
const roundCost: Readonly<Record<string, number>> = { sha1: 0.4, sha256: 0.5 }

export interface KdfInput {
  readonly digest: string
  /** encoded, see `pkcs12Encodings` */
  readonly password: Buffer
  readonly salt: Uint8Array
  readonly iterations: number
}

/** RFC 7292 appendix B.2: `length` octets for one purpose. */
export function pkcs12Kdf(input: KdfInput, purpose: KdfPurpose, length: number, budget: WorkBudget): Buffer {
  const v = kdfDigests[input.digest]!
  const diversifier = Buffer.alloc(v, purposeOctet[purpose])
  const block = Buffer.concat([repeatTo(v, input.salt), repeatTo(v, input.password)])
  const blocks: Buffer[] = []
  for (let made = 0; made < length; ) {
    budget.spend(
      input.iterations * (roundCost[input.digest] ?? 1.5),
      `${input.iterations} iterations of the PKCS#12 key derivation`,
    )
    const first = hash(input.digest, Buffer.concat([diversifier, block]), 'buffer')
    const a = hashRounds(input.digest, first, input.iterations - 1)
    blocks.push(a)
    made += a.length
    if (made < length) addToEach(block, v, repeatTo(v, a))
  }
  return Buffer.concat(blocks, length)
}

/** Step 6A */
function hashRounds(digest: string, first: Buffer, rounds: number): Buffer {
  if (digest === 'sha1') return sha1Rounds(first, rounds)
  if (digest === 'sha256') return sha256Rounds(first, rounds)
  let a = first
  for (let i = 0; i < rounds; i++) a = hash(digest, a, 'buffer')
  return a
}

/** Steps 2 and 3: copies of `octets`, up to a multiple of `v`; nothing stays nothing. */
function repeatTo(v: number, octets: Uint8Array): Buffer {
  return octets.length === 0 ? Buffer.alloc(0) : Buffer.alloc(v * Math.ceil(octets.length / v), octets)
}

/** Step 6C: each piece of `v` octets of `block` becomes piece + b + 1, modulo 2^8v. */
function addToEach(block: Buffer, v: number, b: Buffer): void {
  for (let start = 0; start < block.length; start += v) {
    let carry = 1
    for (let i = v - 1; i >= 0; i--) {
      carry += block[start + i]! + b[i]!
      block[start + i] = carry & 0xff
      carry >>= 8
    }
  }
}
