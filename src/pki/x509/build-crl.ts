import type { KeyObject } from 'node:crypto'
import { bitString, der, explicit, integer, sequence, tag } from '../asn1/der.ts'
import { encodeTime } from './build-certificate.ts'
import { authorityKeyIdentifier, encodeExtension, rawExtension } from './build-extensions.ts'
import { buildName, type NameSource } from './build-name.ts'
import type { Extension } from './certificate.ts'
import { type SigningOptions, signerFor } from './sign.ts'

/** RFC 5280 section 5.3.1; 7 is not used. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const
export type RevocationReason = keyof typeof revocationReasons

export interface RevokedSource {
  /** lower-case hex, as `Certificate.serialNumber` has it, or unsigned octets */
  readonly serialNumber: string | Uint8Array
  /** milliseconds since the epoch */
  readonly revokedAt: number
  readonly reason?: RevocationReason
  /** further entry extensions */
  readonly extensions?: readonly Extension[]
}

export interface CrlSource extends SigningOptions {
  readonly issuer: NameSource
  readonly signingKey: KeyObject
  /** key identifier of the issuing certificate */
  readonly authorityKeyId?: Uint8Array
  readonly number?: number | bigint
  readonly thisUpdate: number
  readonly nextUpdate?: number
  readonly revoked: readonly RevokedSource[]
  /** further CRL extensions (issuing distribution point, delta indicator, …) */
  readonly extensions?: readonly Extension[]
}

/** A signed CRL (RFC 5280 section 5.1), DER. */
export function buildCrl(source: CrlSource): Buffer {
  const signer = signerFor(source.signingKey, source)
  const extensions = [
    ...(source.authorityKeyId ? [authorityKeyIdentifier(source.authorityKeyId)] : []),
    ...(source.number === undefined ? [] : [rawExtension('2.5.29.20', integer(source.number))]),
    ...(source.extensions ?? []),
  ]
  const tbs = sequence(
    integer(1),
    signer.algorithm,
    buildName(source.issuer),
    encodeTime(source.thisUpdate),
    ...(source.nextUpdate === undefined ? [] : [encodeTime(source.nextUpdate)]),
    // section 5.1.2.6: absent rather than empty
    ...(source.revoked.length > 0 ? [sequence(revokedEntries(source.revoked))] : []),
    ...(extensions.length > 0 ? [explicit(0, sequence(...extensions.map(encodeExtension)))] : []),
  )
  return sequence(tbs, signer.algorithm, bitString(signer.sign(tbs)))
}

/** Joined before they are handed on: a million arguments to one call are more than the stack holds. */
function revokedEntries(revoked: readonly RevokedSource[]): Buffer {
  return Buffer.concat(revoked.map(revokedEntry))
}

function revokedEntry(entry: RevokedSource): Buffer {
  const { serialNumber, reason } = entry
  const extensions = [...(entry.extensions ?? [])]
  // section 5.3.1: "unspecified" is said by leaving the reason out
  if (reason !== undefined && reason !== 'unspecified') {
    extensions.push(rawExtension('2.5.29.21', der(tag.enumerated, Buffer.from([revocationReasons[reason]]))))
  }
  return sequence(
    // the hex is the content of the INTEGER already, sign octet included
    typeof serialNumber === 'string' ? der(tag.integer, Buffer.from(serialNumber, 'hex')) : integer(serialNumber),
    encodeTime(entry.revokedAt),
    ...(extensions.length > 0 ? [sequence(...extensions.map(encodeExtension))] : []),
  )
}
