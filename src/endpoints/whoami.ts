import { isIPv4 } from 'node:net'
import type { Principal } from '../identity/authn/authenticator.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { subjectAltNames } from '../pki/x509/extensions.ts'
import { type GeneralName, userPrincipalName } from '../pki/x509/general-name.ts'
import { sendWritten, type WrittenJson, writeJson } from '../server/http/answer.ts'
import type { Exchange } from '../server/http/exchange.ts'

/** `GET /whoami`: who the server takes the caller for, and by which proof. */
export function serveWhoami(exchange: Exchange, principal: Principal): void {
  sendWritten(exchange, documentOf(principal))
}

// A principal is one object for as long as it stands, so what it says of itself is written down once.
const documents = new WeakMap<Principal, WrittenJson>()

function documentOf(principal: Principal): WrittenJson {
  return documents.getOrInsertComputed(principal, () => writeJson(describePrincipal(principal)))
}

/** The principal as JSON: the members in the order of the documentation, times in ISO 8601. */
export function describePrincipal(principal: Principal): object {
  const { user, tenant, roles, authenticatedBy, binding, certificate } = principal
  return {
    user,
    tenant,
    roles,
    authenticatedBy,
    binding,
    certificate: certificate === null ? null : describeCertificate(certificate),
  }
}

function describeCertificate(certificate: Certificate): object {
  return {
    subject: certificate.subject.toString(),
    issuer: certificate.issuer.toString(),
    serialNumber: certificate.serialNumber,
    thumbprint: certificate.thumbprint,
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    subjectAltNames: alternativeNames(certificate),
  }
}

/** `email:alice@example.org`, `dns:…`, `uri:…`, `ip:…`, `upn:…`: the kinds by the words that bindings use. */
function alternativeNames(certificate: Certificate): string[] {
  try {
    return (subjectAltNames(certificate) ?? []).map(describeName)
  } catch {
    // Whoever came in by a password may hold up a certificate that nobody can read.
    return []
  }
}

function describeName(name: GeneralName): string {
  switch (name.type) {
    case 'rfc822Name':
      return `email:${name.value}`
    case 'dNSName':
      return `dns:${name.value}`
    case 'uniformResourceIdentifier':
      return `uri:${name.value}`
    case 'iPAddress':
      return `ip:${addressOf(name.octets)}`
    case 'directoryName':
      return `dirname:${name.name.toString()}`
    case 'registeredID':
      return `oid:${name.oid}`
    case 'otherName': {
      const upn = userPrincipalName(name)
      return upn === undefined ? `other:${name.oid}` : `upn:${upn}`
    }
    default:
      return `${name.type}:`
  }
}

function addressOf(octets: Buffer): string {
  const dotted = octets.join('.')
  if (isIPv4(dotted)) return dotted
  const groups = octets.toString('hex').match(/.{4}/g) ?? []
  return URL.parse(`http://[${groups.join(':')}]`)?.hostname.slice(1, -1) ?? octets.toString('hex')
}
