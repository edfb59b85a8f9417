import { buildName } from '../../pki/x509/build-name.ts'
import { attributeValues, type Name, readName } from '../../pki/x509/name.ts'

/**
 * An issuer as the original compares it: its attributes in any order. Only good for finding the authority that was meant in a trust store;
 * certificates are then matched by the key and exact name of that authority (invariant 7). undefined: the text is no name.
 */
export function issuerKey(text: string): string | undefined {
  try {
    return nameAttributes(readName(buildName(text.split('\n').join(' ').trim().split(equals).join('='))))
  } catch {
    return undefined
  }
}

/** `openssl x509 -nameopt dn_rev` puts spaces around the sign. */
const equals = /(?<=[A-Za-z0-9.])\s*=\s*/

export function nameAttributes(name: Name): string {
  const attributes = name.rdns
    .flat()
    .map(({ oid, value, raw }) => JSON.stringify([oid, value ?? { der: raw.toString('hex') }]))
  return attributes.toSorted().join(' ')
}

export function commonNames(name: Name): string[] {
  return attributeValues(name, '2.5.4.3')
}
