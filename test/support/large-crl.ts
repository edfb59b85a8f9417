// A large revocation list, quickly: the entries are one block of octets with the serial numbers 1…n in it.
import type { KeyObject } from 'node:crypto'
import { bitString, der, explicit, integer, sequence, tag } from '../../src/pki/asn1/der.ts'
import { encodeTime } from '../../src/pki/x509/build-certificate.ts'
import { encodeExtension, rawExtension } from '../../src/pki/x509/build-extensions.ts'
import type { Name } from '../../src/pki/x509/name.ts'
import { signerFor } from '../../src/pki/x509/sign.ts'
import { baseTime, day } from './certificates.ts'

export interface LargeCrlSource {
  readonly issuer: Name
  readonly signingKey: KeyObject
  readonly entries: number
  /** lower-case hex, one of the entries */
  readonly serialNumber?: string
}

/** The serial number of the entry at `index`: 17 octets, of which the first is 0x40. */
export function serialAt(index: number): string {
  return `40${'00'.repeat(8)}${index.toString(16).padStart(16, '0')}`
}

/** DER. 38 octets an entry. */
export function largeCrl({ issuer, signingKey, entries, serialNumber }: LargeCrlSource): Buffer {
  const date = encodeTime(baseTime - day)
  const one = sequence(der(tag.integer, Buffer.from(serialAt(0), 'hex')), date)
  const block = Buffer.alloc(one.length * entries)
  for (let i = 0; i < entries; i++) {
    one.copy(block, i * one.length)
    block.writeUInt32BE(i, i * one.length + 4 + 13)
  }
  const extra = serialNumber === undefined ? [] : [sequence(der(tag.integer, Buffer.from(serialNumber, 'hex')), date)]
  const signer = signerFor(signingKey)
  const tbs = sequence(
    integer(1),
    signer.algorithm,
    issuer.raw,
    encodeTime(baseTime - day),
    encodeTime(baseTime + 30 * day),
    sequence(block, ...extra),
    explicit(0, sequence(encodeExtension(rawExtension('2.5.29.20', integer(1))))),
  )
  return sequence(tbs, signer.algorithm, bitString(signer.sign(tbs)))
}
