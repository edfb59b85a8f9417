import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { KeytoolError } from './keytool-error.ts'

export interface GeneratedKey {
  readonly key: KeyObject
  /** as the JDK names it: "2,048 bit RSA", "256 bit EC (secp256r1)" */
  readonly text: string
}

/** `-keyalg`, `-keysize` and `-groupname`: RSA, RSASSA-PSS, EC, Ed25519 (EdDSA), Ed448. */
export function generateKey(algorithm: string, size: string | undefined, group: string | undefined): GeneratedKey {
  const name = algorithm.toUpperCase()
  if (size !== undefined && group !== undefined) {
    throw new KeytoolError('Cannot specify both -groupname and -keysize')
  }
  if (name === 'RSA' || name === 'RSASSA-PSS') {
    const bits = numberOf(size ?? '2048', 1024, 16384)
    const kind = name === 'RSA' ? 'rsa' : 'rsa-pss'
    const { privateKey } = generateKeyPairSync(kind as 'rsa', { modulusLength: bits })
    return { key: privateKey, text: `${bits.toLocaleString('en-US')} bit ${name}` }
  }
  if (name === 'EC') return curveKey(size, group)
  const edwards = name === 'EDDSA' ? (group ?? (size === '448' ? 'Ed448' : 'Ed25519')).toUpperCase() : name
  if (edwards === 'ED25519') return { key: generateKeyPairSync('ed25519').privateKey, text: '255 bit Ed25519' }
  if (edwards === 'ED448') return { key: generateKeyPairSync('ed448').privateKey, text: '448 bit Ed448' }
  throw new KeytoolError(`${algorithm} KeyPairGenerator not available`, {
    javaClass: 'java.security.NoSuchAlgorithmException',
    remedy: 'Understood: -keyalg RSA, EC, Ed25519, Ed448 and RSASSA-PSS.',
  })
}

const curves: Readonly<Record<string, readonly [node: string, java: string, bits: number]>> = {
  secp256r1: ['prime256v1', 'secp256r1', 256],
  'nist p-256': ['prime256v1', 'secp256r1', 256],
  prime256v1: ['prime256v1', 'secp256r1', 256],
  secp384r1: ['secp384r1', 'secp384r1', 384],
  secp521r1: ['secp521r1', 'secp521r1', 521],
}

function curveKey(size: string | undefined, group: string | undefined): GeneratedKey {
  const wanted = group?.toLowerCase() ?? (size === undefined || size === '256' ? 'secp256r1' : `secp${size}r1`)
  const curve = curves[wanted]
  if (curve === undefined) {
    throw new KeytoolError(`Curve not supported: ${group ?? size}`, {
      javaClass: 'java.security.InvalidAlgorithmParameterException',
      remedy: 'Understood: -groupname secp256r1, secp384r1 or secp521r1, or -keysize 256, 384 or 521.',
    })
  }
  const [namedCurve, java, bits] = curve
  return { key: generateKeyPairSync('ec', { namedCurve }).privateKey, text: `${bits} bit EC (${java})` }
}

function numberOf(text: string, least: number, most: number): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new KeytoolError(`Key size must be between ${least} and ${most}`, {
    javaClass: 'java.security.InvalidParameterException',
  })
}
