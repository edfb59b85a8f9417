import { type Name, readName } from '../../pki/x509/name.ts'
import { certificateTypeName, schemeName } from './numbers.ts'
import { Octets, readPairs } from './octets.ts'

export interface ServerHello {
  /** the version that is spoken from here on, as a number */
  readonly version: number
  readonly suite: number
}

/** RFC 8446 section 4.1.3; a HelloRetryRequest has the same form. */
export function readServerHello(body: Buffer): ServerHello {
  const octets = new Octets(body)
  const legacy = octets.number(2)
  octets.take(32)
  octets.vector(1)
  const suite = octets.number(2)
  octets.number(1)
  const extensions = octets.done ? new Map<number, Buffer>() : readExtensions(octets.vector(2))
  const version = extensions.get(43)?.readUInt16BE(0) ?? legacy
  return { version, suite }
}

/** The certificates of a Certificate message, DER, in the order in which they were sent. */
export function readCertificateMessage(body: Buffer, version: number): Buffer[] {
  const message = new Octets(body)
  if (version >= 0x0304) message.vector(1)
  const list = new Octets(message.vector(3))
  const certificates: Buffer[] = []
  while (!list.done) {
    certificates.push(list.vector(3))
    if (version >= 0x0304) list.vector(2)
  }
  return certificates
}

/** What a server wants of a client certificate. */
export interface CertificateRequest {
  /** empty: any authority */
  readonly authorities: readonly Name[]
  /** signature schemes, in the order of preference */
  readonly algorithms: readonly string[]
  /** kinds of keys, up to TLS 1.2; undefined in TLS 1.3, which has none */
  readonly types: readonly string[] | undefined
}

/** RFC 5246 section 7.4.4 and RFC 8446 section 4.3.2 */
export function readCertificateRequest(body: Buffer, version: number): CertificateRequest {
  const octets = new Octets(body)
  if (version >= 0x0304) {
    octets.vector(1)
    const extensions = readExtensions(octets.vector(2))
    const schemes = extensions.get(13)
    const authorities = extensions.get(47)
    return {
      types: undefined,
      algorithms: schemes === undefined ? [] : readSchemes(new Octets(schemes).vector(2)),
      authorities: authorities === undefined ? [] : readNames(new Octets(authorities).vector(2)),
    }
  }
  const types = [...octets.vector(1)].map(certificateTypeName)
  const algorithms = version === 0x0303 ? readSchemes(octets.vector(2)) : []
  return { types, algorithms, authorities: readNames(octets.vector(2)) }
}

function readSchemes(list: Buffer): string[] {
  return readPairs(list).map(schemeName)
}

function readNames(list: Buffer): Name[] {
  const octets = new Octets(list)
  const names: Name[] = []
  while (!octets.done) names.push(readName(octets.vector(2)))
  return names
}

function readExtensions(list: Buffer): Map<number, Buffer> {
  const octets = new Octets(list)
  const extensions = new Map<number, Buffer>()
  while (!octets.done) extensions.set(octets.number(2), octets.vector(2))
  return extensions
}
