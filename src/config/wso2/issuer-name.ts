import { buildName } from '../../pki/x509/build-name.ts'
import { attributeValues, type Name, readName } from '../../pki/x509/name.ts'

/**
 * An issuer as the original compares it: its attributes in any order. Only good for finding the authority that was meant in a trust store;
 * certificates are then matched by the key and exact name of that authority (invariant 7). undefined: the text is no name.
 */
export function issuerKey(text: string): string | undefined {
  try {
    const line = text.split('\n').join(' ').trim().replace(quotation, escaped)
    return nameAttributes(readName(buildName(line.split(equals).join('=')))) || undefined
  } catch {
    return undefined
  }
}

/** `openssl x509 -nameopt dn_rev` puts spaces around the sign. */
const equals = /(?<=[A-Za-z0-9.])\s*=\s*/

/** Java prints `O="Acme, Inc."` (RFC 1779) where RFC 4514 has `O=Acme\\, Inc.` */
const quotation = /(?<==\s*)"((?:[^"\\]|\\.)*)"/g

function escaped(_: string, inside: string): string {
  const value = inside.replace(/\\(.)/g, '$1')
  return value.replace(/[,+"\\<>;=]|^[ #]| $/g, '\\$&')
}

export function nameAttributes(name: Name): string {
  const attributes = name.rdns
    .flat()
    .map(({ oid, value, raw }) => JSON.stringify([oid, value ?? { der: raw.toString('hex') }]))
  return attributes.toSorted().join(' ')
}

export function commonNames(name: Name): string[] {
  return attributeValues(name, '2.5.4.3')
}
