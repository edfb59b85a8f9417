import { SaxesParser } from 'saxes'
import { CodedError } from '../../errors.ts'
import type { Place } from './finding.ts'

export interface XmlValue extends Place {
  readonly value: string
}

/** An element with its local name; namespaces are ignored, as the original ignores them. Settings of deployment.toml are laid over it. */
export interface XmlElement extends Place {
  readonly name: string
  readonly attributes: Map<string, XmlValue>
  readonly children: XmlElement[]
  text: string
}

/** More than any file of a product has. */
const limits = { characters: 4 << 20, depth: 64 }

/** Reads a whole document. Throws ERR_CARBON_XML; a document type declaration is refused, and with it every entity but XML's own five. */
export function parseXml(text: string, file: string): XmlElement {
  if (text.length > limits.characters) throw xmlError(file, undefined, `is longer than ${limits.characters} characters`)
  const parser = new SaxesParser({ xmlns: false, position: true })
  const open: XmlElement[] = []
  let root: XmlElement | undefined
  let attributes = new Map<string, XmlValue>()
  let line = 1
  parser.on('doctype', () => {
    throw xmlError(file, parser.line, 'has a document type declaration (DOCTYPE)')
  })
  parser.on('opentagstart', () => {
    line = parser.line
    attributes = new Map()
  })
  parser.on('attribute', ({ name, value }) => {
    if (name !== 'xmlns' && !name.startsWith('xmlns:'))
      attributes.set(localName(name), { value, file, line: parser.line })
  })
  parser.on('opentag', ({ name }) => {
    if (open.length >= limits.depth) throw xmlError(file, parser.line, `is nested more than ${limits.depth} deep`)
    const element = { name: localName(name), file, line, attributes, children: [], text: '' }
    open.at(-1)?.children.push(element)
    root ??= element
    open.push(element)
  })
  parser.on('closetag', () => void open.pop())
  const addText = (more: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += more
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  try {
    parser.write(text).close()
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw xmlError(
      file,
      parser.line,
      `is not well-formed: ${(cause as Error).message.replace(/^\d+:\d+: /, '')}`,
      cause,
    )
  }
  if (root === undefined) throw xmlError(file, undefined, 'has no element')
  return root
}

/** The first child of that name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find(each => each.name === name)
}

export function childrenNamed(element: XmlElement | undefined, name: string): XmlElement[] {
  return element?.children.filter(each => each.name === name) ?? []
}

/** The element at the end of a way of names, each the first of its name. */
export function descend(element: XmlElement | undefined, ...names: string[]): XmlElement | undefined {
  return names.reduce(child, element)
}

export function* elementsNamed(element: XmlElement | undefined, name: string): Generator<XmlElement> {
  if (element === undefined) return
  if (element.name === name) yield element
  for (const each of element.children) yield* elementsNamed(each, name)
}

/** The text of an element as a value with its place; undefined when there is no such element, or no text in it. */
export function textOf(element: XmlElement | undefined): XmlValue | undefined {
  const value = element?.text.trim()
  return element === undefined || value === undefined || value === '' ? undefined : { ...place(element), value }
}

export function place({ file, line }: Place): Place {
  return { file, line }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function xmlError(file: string, line: number | undefined, reason: string, cause?: unknown): CodedError {
  const where = line === undefined ? file : `${file}, line ${line}`
  return new CodedError('ERR_CARBON_XML', `${where}: the file ${reason}`, {
    remedy: 'Mend the file; a home is read only when all of its files are.',
    cause,
  })
}
