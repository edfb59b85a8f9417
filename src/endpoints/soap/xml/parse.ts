import { SaxesParser } from 'saxes'
import { decodeXml, type Encoding } from './decode.ts'
import type { XmlAttribute, XmlElement } from './element.ts'

export interface XmlLimits {
  readonly maxDepth: number
  readonly maxElements: number
  /** of one element, declarations of namespaces among them */
  readonly maxAttributes: number
}

export type ParsedXml = { readonly ok: true; readonly root: XmlElement } | XmlRefusal

export interface XmlRefusal {
  readonly ok: false
  /** a sentence */
  readonly detail: string
}

/**
 * Reads a whole document as SOAP has it: XML 1.0 with namespaces, no document type declaration and no processing instruction (SOAP 1.1
 * section 3, SOAP 1.2 part 1 section 5), and with that no entity but XML's own five. Its size is bounded by whoever has the octets.
 */
export function parseXml(octets: Uint8Array, limits: XmlLimits, charset?: string): ParsedXml {
  const decoded = decodeXml(octets, charset)
  if (!decoded.ok) return decoded
  const parser = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true })
  const tree = new Tree(limits)
  parser.on('xmldecl', ({ version, encoding }) => checkDeclaration(version, encoding, decoded.encoding))
  parser.on('doctype', () => refuse('The document has a document type declaration (DOCTYPE).'))
  parser.on('processinginstruction', () => refuse('The document has a processing instruction.'))
  parser.on('opentagstart', () => tree.begin())
  parser.on('attribute', () => tree.countAttribute())
  parser.on('opentag', ({ uri, local, attributes }) =>
    tree.open(uri, local, Object.values(attributes).filter(isOwn).map(attributeFrom)),
  )
  parser.on('closetag', () => tree.close())
  parser.on('text', text => tree.add(text))
  parser.on('cdata', text => tree.add(text))
  try {
    parser.write(decoded.text).close()
  } catch (error) {
    if (error instanceof Refused) return { ok: false, detail: error.message }
    const { message } = error as Error
    return { ok: false, detail: `The document is not well-formed XML: ${message.slice(0, 200)}` }
  }
  return tree.root === undefined ? { ok: false, detail: 'The document has no element.' } : { ok: true, root: tree.root }
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[]
  text: string
}

class Tree {
  root: XmlElement | undefined
  readonly #limits: XmlLimits
  readonly #open: OpenElement[] = []
  #elements = 0
  #attributes = 0

  constructor(limits: XmlLimits) {
    this.#limits = limits
  }

  begin(): void {
    const { maxDepth, maxElements } = this.#limits
    this.#attributes = 0
    this.#elements += 1
    if (this.#elements > maxElements) refuse(`The document has more than ${maxElements} elements.`)
    if (this.#open.length >= maxDepth) refuse(`The document is nested more than ${maxDepth} deep.`)
  }

  countAttribute(): void {
    const { maxAttributes } = this.#limits
    this.#attributes += 1
    if (this.#attributes > maxAttributes) refuse(`An element has more than ${maxAttributes} attributes.`)
  }

  open(namespace: string, name: string, attributes: readonly XmlAttribute[]): void {
    const element: OpenElement = { namespace, name, attributes, children: [], text: '' }
    this.#open.at(-1)?.children.push(element)
    this.root ??= element
    this.#open.push(element)
  }

  close(): void {
    this.#open.pop()
  }

  add(text: string): void {
    const element = this.#open.at(-1)
    if (element !== undefined) element.text += text
  }
}

class Refused extends Error {}

function refuse(detail: string): never {
  throw new Refused(detail)
}

/** What the document says of itself has to be what it was read as: else another reader would see another document. */
function checkDeclaration(version: string | undefined, declared: string | undefined, encoding: Encoding): void {
  if (version !== undefined && version !== '1.0') refuse(`The document is in XML ${version.slice(0, 10)}, not 1.0.`)
  if (declared === undefined) return
  const name = declared.toUpperCase()
  if (name === encoding || (encoding === 'UTF-8' && (name === 'US-ASCII' || name === 'UTF8'))) return
  if (encoding === 'UTF-16' && /^UTF-16(?:LE|BE)$/.test(name)) return
  refuse(
    `The document says that it is in ${declared.slice(0, 40)}, and is read as ${encoding}: send UTF-8, or UTF-16 with a byte order mark.`,
  )
}

const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/'

interface ReadAttribute {
  readonly uri: string
  readonly local: string
  readonly value: string
}

function isOwn({ uri }: ReadAttribute): boolean {
  return uri !== xmlnsNamespace
}

function attributeFrom({ uri, local, value }: ReadAttribute): XmlAttribute {
  return { namespace: uri, name: local, value }
}
