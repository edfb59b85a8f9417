import { type GeneralName, ipText } from '../../pki/x509/general-name.ts'
import { plain } from '../terminal.ts'
import { javaName } from './java-name.ts'

/** One alternative name as the JDK prints it: "DNSName: a.example". */
export function javaGeneralName(name: GeneralName): string {
  switch (name.type) {
    case 'dNSName':
      return `DNSName: ${plain(name.value)}`
    case 'rfc822Name':
      return `RFC822Name: ${plain(name.value)}`
    case 'uniformResourceIdentifier':
      return `URIName: ${plain(name.value)}`
    case 'iPAddress':
      return `IPAddress: ${ipText(name.octets)}`
    case 'directoryName':
      return javaName(name.name)
    case 'registeredID':
      return `OIDName: ${name.oid}`
    case 'otherName':
      return 'Other-Name: Unrecognized ObjectIdentifier: '.concat(name.oid)
    default:
      return name.type
  }
}
