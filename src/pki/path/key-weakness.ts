import { DerReader, readBitString, readIntegerOctets, readWhole, tag } from '../asn1/der.ts'
import { algorithmNames, dottedOid } from '../asn1/oid-names.ts'
import { type AlgorithmIdentifier, type Certificate, readAlgorithm } from '../x509/certificate.ts'
import type { InsecureAlgorithm } from './weak-algorithms.ts'

const minimumRsaBits = 2048
// Go's crypto/tls refuses more since CVE-2023-29409: a bigger key costs the checker, not its owner
const maximumRsaBits = 8192
// P-256, P-384, P-521
const curves = new Set(['1.2.840.10045.3.1.7', '1.3.132.0.34', '1.3.132.0.35'])
// Ed25519, Ed448, ML-DSA-44, -65 and -87: one size each
const withoutSizes = new Set([
  '1.3.101.112',
  '1.3.101.113',
  '2.16.840.1.101.3.4.3.17',
  '2.16.840.1.101.3.4.3.18',
  '2.16.840.1.101.3.4.3.19',
])

/** Why the certificate's key may not be used; undefined when it may. Throws ERR_DER_MALFORMED when it cannot be read. */
export function keyWeakness(certificate: Certificate, insecure: ReadonlySet<InsecureAlgorithm>): string | undefined {
  const fields = readWhole(certificate.spki)
  const algorithm = readAlgorithm(fields)
  switch (algorithm.oid) {
    // rsaEncryption, id-RSASSA-PSS
    case '1.2.840.113549.1.1.1':
    case '1.2.840.113549.1.1.10':
      return rsaWeakness(readBitString(fields.element(tag.bitString)).octets, insecure)
    case '1.2.840.10045.2.1':
      return curveWeakness(algorithm, insecure)
    default:
      if (withoutSizes.has(algorithm.oid)) return undefined
      return `keys of the type ${algorithmNames.get(algorithm.oid) ?? algorithm.oid} are not accepted`
  }
}

// RFC 8017 section A.1.1: RSAPublicKey, read here because node:crypto takes ten times as long to tell the size
function rsaWeakness(key: Uint8Array, insecure: ReadonlySet<InsecureAlgorithm>): string | undefined {
  const fields = readWhole(key)
  const modulus = readIntegerOctets(fields.element(tag.integer))
  const exponent = readIntegerOctets(fields.element(tag.integer))
  const bits = bitLength(modulus)
  const minimum = insecure.has('rsa-1024') ? 1024 : minimumRsaBits
  if (bits < minimum) return `an RSA key of ${bits} bits is shorter than ${minimum}`
  if (bits > maximumRsaBits) return `an RSA key of ${bits} bits is longer than ${maximumRsaBits}`
  const odd = (exponent.at(-1)! & 1) === 1
  // with the exponent 1 everybody can sign
  return odd && exponent[0]! < 0x80 && bitLength(exponent) > 1 ? undefined : 'an RSA key with an exponent that is none'
}

function bitLength(octets: Uint8Array): number {
  const first = octets.findIndex(octet => octet !== 0)
  return first < 0 ? 0 : (octets.length - first) * 8 - (Math.clz32(octets[first]!) - 24)
}

// RFC 5480 section 2.1.1: namedCurve; implicit and specified curves MUST NOT be used
function curveWeakness(
  { parameters }: AlgorithmIdentifier,
  insecure: ReadonlySet<InsecureAlgorithm>,
): string | undefined {
  if (parameters?.[0] !== tag.oid) {
    return insecure.has('explicit-curve') ? undefined : 'an elliptic curve that is spelled out instead of named'
  }
  const curve = dottedOid(new DerReader(parameters).element(tag.oid))
  if (curves.has(curve)) return undefined
  return `keys on the elliptic curve ${algorithmNames.get(curve) ?? curve} are not accepted`
}
