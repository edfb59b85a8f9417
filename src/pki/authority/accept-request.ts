import type { KeyObject } from 'node:crypto'
import { signatureVerifies, signatureWeakness } from '../path/signature.ts'
import type { GeneralNameSource } from '../x509/build-general-name.ts'
import type { NameSource } from '../x509/build-name.ts'
import { type GeneralName, generalNameText, ipText, userPrincipalName } from '../x509/general-name.ts'
import { type CertificateRequest, parseRequest } from '../x509/request.ts'
import { authorityError } from './authority-error.ts'

/** A request whose maker holds the key. Who they are, and whether they may have these names, it does not say. */
export interface AcceptedRequest {
  readonly key: KeyObject
  readonly subject: NameSource
  readonly subjectText: string
  /** the names asked for that this authority certifies at all */
  readonly names: readonly GeneralNameSource[]
  /** of `names`, for people */
  readonly nameTexts: readonly string[]
  /** names and extensions that were asked for and are never given */
  readonly ignored: readonly string[]
}

/** Throws ERR_REQUEST_MALFORMED, ERR_AUTHORITY_REQUEST_FORGED. */
export function acceptRequest(der: Uint8Array): AcceptedRequest {
  const request = parseRequest(der)
  const key = request.publicKey()
  const weakness = signatureWeakness(request, new Set())
  if (weakness !== undefined) throw authorityError('ERR_AUTHORITY_UNFIT', `the request is refused: ${weakness}`)
  if (!signatureVerifies(request, key)) {
    throw authorityError(
      'ERR_AUTHORITY_REQUEST_FORGED',
      'the request was not signed with the key that it asks to certify',
    )
  }
  const known = request.names.flatMap(name => {
    const source = sourceOf(name)
    return source ? [{ source, text: generalNameText(name) }] : []
  })
  return {
    key,
    subject: request.subject,
    subjectText: request.subject.toString(),
    names: known.map(({ source }) => source),
    nameTexts: known.map(({ text }) => text),
    ignored: [...unknownNames(request), ...otherExtensions(request)],
  }
}

function sourceOf(name: GeneralName): GeneralNameSource | undefined {
  switch (name.type) {
    case 'dNSName':
      return { dns: name.value }
    case 'rfc822Name':
      return { email: name.value }
    case 'uniformResourceIdentifier':
      return { uri: name.value }
    case 'iPAddress':
      return name.octets.length === 4 || name.octets.length === 16 ? { ip: ipText(name.octets) } : undefined
    default: {
      const upn = userPrincipalName(name)
      return upn === undefined ? undefined : { upn }
    }
  }
}

function unknownNames({ names }: CertificateRequest): string[] {
  return names.filter(name => sourceOf(name) === undefined).map(generalNameText)
}

/** The profile decides about these, whatever was asked for: nobody becomes an authority, or a server, by asking. */
function otherExtensions({ extensions }: CertificateRequest): string[] {
  const decided = new Set(['2.5.29.17', '2.5.29.14', '2.5.29.15', '2.5.29.19', '2.5.29.37'])
  return [...extensions.keys()].filter(oid => !decided.has(oid)).map(oid => `extension ${oid}`)
}
