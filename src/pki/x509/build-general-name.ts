import { isIPv4, isIPv6 } from 'node:net'
import { CodedError } from '../../errors.ts'
import { content, contextTag, DerReader, der, explicit, oid, sequence, tag } from '../asn1/der.ts'
import { buildName, type NameSource } from './build-name.ts'

/** One GeneralName (RFC 5280 section 4.2.1.6) to be written. */
export type GeneralNameSource =
  | { readonly dns: string }
  | { readonly email: string }
  | { readonly uri: string }
  /** an address; in name constraints with its range, `10.0.0.0/8` */
  | { readonly ip: string }
  /** Microsoft's user principal name, an otherName */
  | { readonly upn: string }
  | { readonly directoryName: NameSource }
  | { readonly registeredId: string }
  /** `value` is the DER of one element */
  | { readonly otherName: { readonly oid: string; readonly value: Uint8Array } }
  /** the whole GeneralName, DER */
  | { readonly raw: Uint8Array }

/** DER of one GeneralName. Throws ERR_NAME_MALFORMED for text that the type cannot hold. */
export function buildGeneralName(source: GeneralNameSource): Buffer {
  if ('dns' in source) return ia5(2, source.dns)
  if ('email' in source) return ia5(1, source.email)
  if ('uri' in source) return ia5(6, source.uri)
  if ('ip' in source) return der(contextTag(7, 'primitive'), addressOctets(source.ip))
  if ('upn' in source) return otherName('1.3.6.1.4.1.311.20.2.3', der(tag.utf8String, Buffer.from(source.upn, 'utf8')))
  if ('directoryName' in source) return explicit(4, buildName(source.directoryName))
  if ('registeredId' in source) {
    return der(contextTag(8, 'primitive'), content(new DerReader(oid(source.registeredId)).element()))
  }
  if ('otherName' in source) return otherName(source.otherName.oid, source.otherName.value)
  return Buffer.from(source.raw)
}

/** DER of one GeneralSubtree (RFC 5280 section 4.2.1.10); minimum 0 is the default and so left out. */
export function buildGeneralSubtree(source: GeneralNameSource): Buffer {
  if (!('ip' in source)) return sequence(buildGeneralName(source))
  const [address, length] = source.ip.split('/') as [string, string | undefined]
  const octets = addressOctets(address)
  const mask = Buffer.alloc(octets.length)
  const bits = length === undefined ? octets.length * 8 : Number(length)
  if (!Number.isInteger(bits) || bits < 0 || bits > octets.length * 8) throw malformed(source.ip, 'an address range')
  for (let i = 0; i < bits; i++) mask[i >> 3]! |= 0x80 >> (i & 7)
  return sequence(der(contextTag(7, 'primitive'), octets, mask))
}

function otherName(id: string, value: Uint8Array): Buffer {
  return der(contextTag(0), oid(id), explicit(0, value))
}

function ia5(n: number, text: string): Buffer {
  if (!/^[\x00-\x7f]*$/.test(text))
    throw malformed(text, 'an IA5String (write an international domain in its xn-- form)')
  return der(contextTag(n, 'primitive'), Buffer.from(text, 'latin1'))
}

function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (!isIPv6(address) || address.includes('%')) throw malformed(address, 'an IP address')
  // an IPv4 tail (::ffff:1.2.3.4) is two groups
  const text = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [a * 256 + +b, c * 256 + +d].map(group => group.toString(16)).join(':'),
  )
  const [head, tail] = text.split('::').map(part => (part === '' ? [] : part.split(':'))) as [string[], string[]?]
  const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail]
  return Buffer.from(groups.map(group => group.padStart(4, '0')).join(''), 'hex')
}

function malformed(text: string, expected: string): CodedError {
  return new CodedError('ERR_NAME_MALFORMED', `${JSON.stringify(text)} is not ${expected}`, {
    remedy: 'Correct the alternative name.',
  })
}
