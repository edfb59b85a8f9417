import { createHash } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import { DerReader, tag } from '../asn1/der.ts'
import { longSignatureVerifies } from '../path/signature.ts'
import type { AlgorithmIdentifier, Certificate, Extension } from '../x509/certificate.ts'
import type { Crl, CrlEntry } from '../x509/crl.ts'
import type { Name } from '../x509/name.ts'
import type { SerialTable } from './serial-table.ts'

export interface CompactParts {
  /** a list with the same frame and no entries */
  readonly frame: Crl
  readonly table: SerialTable
  readonly critical: ReadonlySet<string>
  /** from which place on the entries are about certificates of another issuer, ascending */
  readonly issuers: readonly { readonly from: number; readonly issuer: Extension }[]
  /** SHA-256 over the whole list, lower-case hex */
  readonly digest: string
}

const none: ReadonlyMap<string, Extension> = new Map()
/** A list names one signer. More keys than these with its issuer's name are tried by nobody honest. */
const maxKeys = 16

/**
 * A large revocation list without its octets: a table of serial numbers beside the frame. Who signed it is found out beside the event
 * loop, by `verify`; until then no key has signed it. Of an entry's extensions the reason and the certificate issuer are kept.
 */
export class CompactCrl implements Crl {
  readonly version: number
  readonly issuer: Name
  readonly thisUpdate: number
  readonly nextUpdate: number | undefined
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly tbsSignatureAlgorithm: AlgorithmIdentifier
  readonly signature: Buffer
  readonly extensions: ReadonlyMap<string, Extension>
  readonly criticalEntryExtensions: ReadonlySet<string>
  /** SHA-256 over the whole list, lower-case hex */
  readonly digest: string
  readonly #parts: CompactParts
  readonly #signers = new Map<string, boolean>()
  readonly #wanted = new Map<string, Certificate>()

  constructor(parts: CompactParts) {
    const { frame } = parts
    this.version = frame.version
    this.issuer = frame.issuer
    this.thisUpdate = frame.thisUpdate
    this.nextUpdate = frame.nextUpdate
    this.signatureAlgorithm = frame.signatureAlgorithm
    this.tbsSignatureAlgorithm = frame.tbsSignatureAlgorithm
    this.signature = frame.signature
    this.extensions = frame.extensions
    this.criticalEntryExtensions = parts.critical
    this.digest = parts.digest
    this.#parts = parts
  }

  get raw(): never {
    throw new Error('the octets of a compact list are not kept')
  }

  get tbs(): never {
    throw new Error('the octets of a compact list are not kept')
  }

  get size(): number {
    return this.#parts.table.size
  }

  /** octets of memory */
  get bytes(): number {
    return this.#parts.table.bytes
  }

  find(serialNumber: string): CrlEntry[] {
    return this.#parts.table.find(serialNumber).map(({ place, revocationDate, reason }) => ({
      serialNumber,
      revocationDate,
      reason,
      extensions: none,
      certificateIssuer: this.#issuerAt(place),
    }))
  }

  *entries(): Generator<CrlEntry> {
    for (const { serial, row } of this.#parts.table.all()) {
      const { revocationDate, reason } = row
      const certificateIssuer = this.#issuerAt(row.place)
      yield { serialNumber: serial.toString('hex'), revocationDate, reason, extensions: none, certificateIssuer }
    }
  }

  /** Whether that key is known to have signed the list. One that nothing is known of yet is remembered for `verify`. */
  signedBy(issuer: Certificate): boolean {
    const key = issuer.spki.toString('latin1')
    const known = this.#signers.get(key)
    if (known !== undefined) return known
    if (this.#signers.size + this.#wanted.size < maxKeys) this.#wanted.set(key, issuer)
    return false
  }

  /** Somebody asked about keys that nothing is known of yet. */
  get undecided(): boolean {
    return this.#wanted.size > 0
  }

  /** Finds out about the keys that were asked about, and about `more`, from the octets of this very list. */
  async verify(raw: Buffer, more: readonly Certificate[] = []): Promise<void> {
    for (const issuer of more) this.signedBy(issuer)
    if ((await longDigest(raw)) !== this.digest) {
      throw new CodedError('ERR_CRL_CHANGED', 'the revocation list was changed since it was loaded', {
        remedy: 'Nothing is to be done: the new list is loaded soon, and its signature looked at then.',
      })
    }
    const { signatureAlgorithm, signature } = this
    const tbs = tbsOf(raw)
    for (const [key, issuer] of this.#wanted) {
      const answer = await longSignatureVerifies({ tbs, signatureAlgorithm, signature }, issuer.publicKey())
      this.#signers.set(key, answer)
      this.#wanted.delete(key)
    }
  }

  #issuerAt(place: number): Extension | undefined {
    const { issuers } = this.#parts
    let low = 0
    let high = issuers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (issuers[middle]!.from <= place) low = middle + 1
      else high = middle
    }
    return issuers[low - 1]?.issuer
  }
}

/** SHA-256 in lower-case hex, with others running in between. */
export async function longDigest(octets: Buffer): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < octets.length; at += chunk) {
    hash.update(octets.subarray(at, at + chunk))
    await new Promise(setImmediate)
  }
  return hash.digest('hex')
}

const chunk = 1_048_576

function tbsOf(raw: Buffer): Buffer {
  const inner = new DerReader(raw).enter().element(tag.sequence)
  return raw.subarray(inner.start, inner.end)
}
