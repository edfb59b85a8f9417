import {
  content,
  contextTag,
  type DerElement,
  type DerReader,
  derError,
  encoded,
  inside,
  readOid,
  tag,
} from '../asn1/der.ts'
import { asBuffer, ascii, readText } from '../asn1/strings.ts'
import { type Name, nameOf } from './name.ts'

/** GeneralName (RFC 5280 section 4.2.1.6). `type` is the RFC's own word, so that no two kinds of name are ever taken for each other. */
export type GeneralName =
  | { readonly type: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier'; readonly value: string }
  /** 4 or 16 octets; in a name constraint 8 or 32: address and mask */
  | { readonly type: 'iPAddress'; readonly octets: Buffer }
  | { readonly type: 'directoryName'; readonly name: Name }
  /** `value` is the DER inside the explicit [0]; `text` is its text when it is a string */
  | { readonly type: 'otherName'; readonly oid: string; readonly value: Buffer; readonly text: string | undefined }
  | { readonly type: 'registeredID'; readonly oid: string }
  | { readonly type: 'x400Address' | 'ediPartyName'; readonly raw: Buffer }

/** Microsoft's user principal name: an otherName that holds a UTF8String. */
export const upnOid = '1.3.6.1.4.1.311.20.2.3'

/** The user principal name, when that is what `name` is. */
export function userPrincipalName(name: GeneralName): string | undefined {
  return name.type === 'otherName' && name.oid === upnOid ? name.text : undefined
}

/** Reads GeneralNames: one or more. */
export function readGeneralNames(reader: DerReader): GeneralName[] {
  if (reader.done) throw derError(`empty list of names at offset ${reader.offset}`)
  const names: GeneralName[] = []
  while (!reader.done) names.push(generalNameOf(reader.element()))
  return names
}

const rfc822Name = contextTag(1, 'primitive')
const dNSName = contextTag(2, 'primitive')
const uniformResourceIdentifier = contextTag(6, 'primitive')
const iPAddress = contextTag(7, 'primitive')
const registeredID = contextTag(8, 'primitive')
const otherName = contextTag(0)
const x400Address = contextTag(3)
const directoryName = contextTag(4)
const ediPartyName = contextTag(5)

export function generalNameOf(element: DerElement): GeneralName {
  switch (element.tag) {
    case rfc822Name:
      return { type: 'rfc822Name', value: ia5(element) }
    case dNSName:
      return { type: 'dNSName', value: ia5(element) }
    case uniformResourceIdentifier:
      return { type: 'uniformResourceIdentifier', value: ia5(element) }
    case iPAddress:
      return { type: 'iPAddress', octets: asBuffer(content(element)) }
    case registeredID:
      return { type: 'registeredID', oid: readOid(element) }
    case directoryName: {
      const inner = inside(element)
      const name = nameOf(inner.element(tag.sequence))
      inner.close('the directory name')
      return { type: 'directoryName', name }
    }
    case otherName:
      return readOtherName(element)
    case x400Address:
      return { type: 'x400Address', raw: asBuffer(encoded(element)) }
    case ediPartyName:
      return { type: 'ediPartyName', raw: asBuffer(encoded(element)) }
    default:
      throw derError(`tag 0x${element.tag.toString(16)} at offset ${element.start} is no kind of name`)
  }
}

function readOtherName(element: DerElement): GeneralName {
  const fields = inside(element)
  const oid = readOid(fields.element(tag.oid))
  const explicit = fields.enter(contextTag(0))
  const value = explicit.element()
  explicit.close('the other name')
  fields.close('the other name')
  return { type: 'otherName', oid, value: asBuffer(encoded(value)), text: readText(value) }
}

function ia5(element: DerElement): string {
  const text = ascii(asBuffer(content(element)))
  if (text === undefined) throw derError(`name at offset ${element.start} is not ASCII`)
  return text
}

/** For people and logs: `DNS:a.example`, `email:a@b.example`, `UPN:…`. Never parse it. */
export function generalNameText(name: GeneralName): string {
  switch (name.type) {
    case 'rfc822Name':
      return `email:${printable(name.value)}`
    case 'dNSName':
      return `DNS:${printable(name.value)}`
    case 'uniformResourceIdentifier':
      return `URI:${printable(name.value)}`
    case 'iPAddress':
      return `IP:${ipText(name.octets)}`
    case 'directoryName':
      return `DirName:${name.name}`
    case 'otherName': {
      const upn = userPrincipalName(name)
      return upn === undefined ? `other:${name.oid}` : `UPN:${printable(upn)}`
    }
    case 'registeredID':
      return `RID:${name.oid}`
    default:
      return name.type
  }
}

/** Dotted or colon form of 4 or 16 octets; address/mask of 8 or 32; hex of anything else. */
export function ipText(octets: Uint8Array): string {
  const half = octets.length / 2
  switch (octets.length) {
    case 4:
      return octets.join('.')
    case 16:
      return Array.from({ length: 8 }, (_, i) => ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16)).join(':')
    case 8:
    case 32:
      return `${ipText(octets.subarray(0, half))}/${ipText(octets.subarray(half))}`
    default:
      return Buffer.from(octets).toString('hex')
  }
}

// Text of a stranger on its way into a log or a terminal
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, char => `\\u{${char.codePointAt(0)!.toString(16)}}`)
}
