import type { Certificate } from '../../pki/x509/certificate.ts'
import { thumbprint } from '../../pki/x509/thumbprint.ts'
import { colonHex } from './hex-dump.ts'
import { javaKeyName, javaSignatureName, keyWeakness, signatureWeakness, type Weakness } from './java-algorithm.ts'
import { javaDate } from './java-date.ts'
import { javaExtensions } from './java-extensions.ts'
import { javaName } from './java-name.ts'

/** A certificate as the JDK's `keytool -list -v` and `-printcert` print it; `trusted`: no remark on its signature algorithm. */
export function javaCertificate(certificate: Certificate, trusted = false): string {
  const { notBefore, notAfter, raw, signatureAlgorithm } = certificate
  const signature = javaSignatureName(signatureAlgorithm.oid)
  const extensions = javaExtensions(certificate)
  return `Owner: ${javaName(certificate.subject)}
Issuer: ${javaName(certificate.issuer)}
Serial number: ${serialNumber(certificate.serialNumber)}
Valid from: ${javaDate(notBefore)} until: ${javaDate(notAfter)}
Certificate fingerprints:
	 SHA1: ${colonHex(thumbprint(raw, 'sha1'))}
	 SHA256: ${colonHex(certificate.thumbprint)}
Signature algorithm name: ${trusted ? signature : remarked(signature, signatureWeakness(signatureAlgorithm.oid))}
Subject Public Key Algorithm: ${remarked(javaKeyName(certificate), keyWeakness(certificate))}
Version: ${certificate.version}
${extensions === '' ? '' : `\nExtensions: \n\n${extensions}`}`
}

/** What the JDK warns of after a command, one line each; `who` is "<alias>", "The certificate" … */
export function weaknesses(who: string, certificate: Certificate, trusted = false): string[] {
  const lines: string[] = []
  const signature = signatureWeakness(certificate.signatureAlgorithm.oid)
  const name = javaSignatureName(certificate.signatureAlgorithm.oid)
  if (!trusted && signature) lines.push(`${who} uses the ${name} signature algorithm ${ending(signature, 'algorithm')}`)
  const key = keyWeakness(certificate)
  if (key) lines.push(`${who} uses a ${javaKeyName(certificate)} ${ending(key, 'key size')}`)
  return lines
}

function ending(weakness: 'weak' | 'disabled', what: string): string {
  return weakness === 'disabled'
    ? 'which is considered a security risk and is disabled.'
    : `which is considered a security risk. This ${what} will be disabled in a future update.`
}

function remarked(name: string, weakness: Weakness): string {
  return weakness ? `${name} (${weakness})` : name
}

/** A BigInteger in hex, as Java prints it: no leading zeros, a minus where the first bit is set. */
function serialNumber(hex: string): string {
  return BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`)).toString(16)
}
