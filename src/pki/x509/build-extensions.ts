// Extensions to be written, RFC 5280 section 4.2. Each function returns one extension as a value.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import {
  bitString,
  boolean,
  content,
  contextTag,
  DerReader,
  der,
  explicit,
  integer,
  octetString,
  oid,
  readBitString,
  readWhole,
  sequence,
  tag,
} from '../asn1/der.ts'
import { buildGeneralName, buildGeneralSubtree, type GeneralNameSource } from './build-general-name.ts'
import type { Extension } from './certificate.ts'
import { type KeyUsage, keyUsages } from './extensions.ts'

/** DER of one Extension (RFC 5280 section 4.1): `critical` is left out when it is FALSE. */
export function encodeExtension({ oid: id, critical, value }: Extension): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))
}

/** Any extension by its object identifier; `value` is the content of extnValue. */
export function rawExtension(id: string, value: Uint8Array, critical = false): Extension {
  return { oid: id, critical, value: Buffer.from(value) }
}

/** RFC 5280 section 4.2.1.9 */
export function basicConstraints(constraints: { ca: boolean; pathLength?: number }, critical = true): Extension {
  const parts = constraints.ca ? [boolean(true)] : []
  if (constraints.pathLength !== undefined) parts.push(integer(constraints.pathLength))
  return rawExtension('2.5.29.19', sequence(...parts), critical)
}

/** RFC 5280 section 4.2.1.3 */
export function keyUsage(usages: readonly KeyUsage[], critical = true): Extension {
  return rawExtension('2.5.29.15', namedBits(usages.map(usage => keyUsages.indexOf(usage))), critical)
}

const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const
/** a known name, or a dotted object identifier */
export type ExtendedKeyUsage = keyof typeof purposes | `${number}.${string}`

/** RFC 5280 section 4.2.1.12 */
export function extKeyUsage(usages: readonly ExtendedKeyUsage[], critical = false): Extension {
  const ids = usages.map(usage => (usage in purposes ? purposes[usage as keyof typeof purposes] : usage))
  return rawExtension('2.5.29.37', sequence(...ids.map(oid)), critical)
}

/** RFC 5280 section 4.2.1.6: critical when the subject is empty, which is for the caller to say. */
export function subjectAltName(names: readonly GeneralNameSource[], critical = false): Extension {
  return rawExtension('2.5.29.17', sequence(...names.map(buildGeneralName)), critical)
}

/** RFC 5280 section 4.2.1.7 */
export function issuerAltName(names: readonly GeneralNameSource[], critical = false): Extension {
  return rawExtension('2.5.29.18', sequence(...names.map(buildGeneralName)), critical)
}

/** RFC 5280 section 4.2.1.2 */
export function subjectKeyIdentifier(keyId: Uint8Array): Extension {
  return rawExtension('2.5.29.14', octetString(keyId))
}

/** RFC 5280 section 4.2.1.1 */
export function authorityKeyIdentifier(keyId: Uint8Array): Extension {
  return rawExtension('2.5.29.35', sequence(der(contextTag(0, 'primitive'), keyId)))
}

/** RFC 7093 section 2 method 1: the first 160 bits of SHA-256 over the bits of the public key. */
export function keyIdentifier(publicKey: KeyObject | Uint8Array): Buffer {
  const spki = readWhole(encodePublicKey(publicKey))
  spki.element()
  const bits = readBitString(spki.element(tag.bitString))
  return createHash('sha256').update(bits.octets).digest().subarray(0, 20)
}

/** SubjectPublicKeyInfo DER of a public key, of the public half of a private key, or as it was given. */
export function encodePublicKey(key: KeyObject | Uint8Array): Buffer {
  if (key instanceof Uint8Array) return Buffer.from(key)
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
}

/** RFC 5280 section 4.2.1.10. An address is written with its range: `{ ip: '10.0.0.0/8' }`. */
export function nameConstraints(
  subtrees: { permitted?: readonly GeneralNameSource[]; excluded?: readonly GeneralNameSource[] },
  critical = true,
): Extension {
  const parts: Buffer[] = []
  if (subtrees.permitted) parts.push(explicit(0, ...subtrees.permitted.map(buildGeneralSubtree)))
  if (subtrees.excluded) parts.push(explicit(1, ...subtrees.excluded.map(buildGeneralSubtree)))
  return rawExtension('2.5.29.30', sequence(...parts), critical)
}

/** RFC 5280 section 4.2.1.4, without qualifiers. */
export function certificatePolicies(policies: readonly string[], critical = false): Extension {
  return rawExtension('2.5.29.32', sequence(...policies.map(policy => sequence(oid(policy)))), critical)
}

/** RFC 5280 section 4.2.1.11 */
export function policyConstraints(
  constraints: { requireExplicitPolicy?: number; inhibitPolicyMapping?: number },
  critical = true,
): Extension {
  const skip = (n: number, count: number | undefined) =>
    count === undefined ? [] : [der(contextTag(n, 'primitive'), content(new DerReader(integer(count)).element()))]
  const parts = [...skip(0, constraints.requireExplicitPolicy), ...skip(1, constraints.inhibitPolicyMapping)]
  return rawExtension('2.5.29.36', sequence(...parts), critical)
}

/** RFC 5280 section 4.2.1.5 */
export function policyMappings(
  mappings: readonly (readonly [issuer: string, subject: string])[],
  critical = true,
): Extension {
  return rawExtension('2.5.29.33', sequence(...mappings.map(([a, b]) => sequence(oid(a), oid(b)))), critical)
}

/** RFC 5280 section 4.2.1.14 */
export function inhibitAnyPolicy(skipCertificates: number, critical = true): Extension {
  return rawExtension('2.5.29.54', integer(skipCertificates), critical)
}

/** RFC 5280 section 4.2.1.13: one distribution point with these addresses. */
export function crlDistributionPoints(uris: readonly string[], critical = false): Extension {
  const names = uris.map(uri => buildGeneralName({ uri }))
  return rawExtension('2.5.29.31', sequence(sequence(explicit(0, explicit(0, ...names)))), critical)
}

/** RFC 5280 section 4.2.2.1 */
export function authorityInfoAccess(access: { ocsp?: readonly string[]; caIssuers?: readonly string[] }): Extension {
  const describe = (method: string) => (uri: string) => sequence(oid(method), buildGeneralName({ uri }))
  return rawExtension(
    '1.3.6.1.5.5.7.1.1',
    sequence(
      ...(access.ocsp ?? []).map(describe('1.3.6.1.5.5.7.48.1')),
      ...(access.caIssuers ?? []).map(describe('1.3.6.1.5.5.7.48.2')),
    ),
  )
}

/** X.690 section 11.2.2: a named bit list ends with its last bit that is set. */
export function namedBits(positions: readonly number[]): Buffer {
  const last = Math.max(-1, ...positions)
  const octets = Buffer.alloc(Math.ceil((last + 1) / 8))
  for (const position of positions) octets[position >> 3]! |= 0x80 >> (position & 7)
  return bitString(octets, octets.length * 8 - (last + 1))
}
