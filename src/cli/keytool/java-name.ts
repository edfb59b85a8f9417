import type { Name, NameAttribute } from '../../pki/x509/name.ts'
import { plain } from '../terminal.ts'

/** A name as the JDK's X500Name.toString() writes it: most specific first, ", " between, quoted where RFC 1779 quotes. */
export function javaName(name: Name): string {
  return name.rdns
    .toReversed()
    .map(rdn => rdn.map(attribute).join(' + '))
    .join(', ')
}

const keywords: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SURNAME',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'T',
  '2.5.4.42': 'GIVENNAME',
  '2.5.4.43': 'INITIALS',
  '2.5.4.44': 'GENERATION',
  '2.5.4.46': 'DNQ',
  '1.3.6.1.4.1.42.2.11.2.1': 'IP',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'EMAILADDRESS',
}

function attribute({ oid, value, raw }: NameAttribute): string {
  const keyword = keywords[oid] ?? `OID.${oid}`
  return `${keyword}=${value === undefined ? `#${raw.toString('hex')}` : quoted(value)}`
}

function quoted(value: string): string {
  if (value.length > 1 && value.startsWith('"') && value.endsWith('"')) return plain(value)
  const escaped = value.replace(/["\\]/gu, '\\$&')
  const needsQuotes = /[,+=\n<>#;\\"]|^[ \n]|[ \n]$|[ \n]{2}/u.test(value)
  // A certificate must not steer the terminal: here Java would print control characters as they are.
  return plain(needsQuotes ? `"${escaped}"` : escaped)
}
