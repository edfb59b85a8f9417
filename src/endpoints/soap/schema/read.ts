import { xsi } from '../namespaces.ts'
import { attributeOf, describeName, type XmlElement } from '../xml/element.ts'
import { allFields, type ComplexType, type Fields, type ItemType, type SimpleKind, type Type } from './type.ts'

export type ReadValues =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly detail: string }

/**
 * The children of a call as values (document/literal wrapped). They may come in any order, in the service's namespace or in none, as many
 * clients send them; what is not known, comes twice or is no value of its type is refused, and not passed over.
 */
export function readFields(element: XmlElement, fields: Fields, namespace: string): ReadValues {
  try {
    const known = Object.entries(fields).map(([name, type]) => [namespace, name, type] as const)
    return { ok: true, values: readKnown(element, known, namespace) }
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, detail: error.message }
    throw error
  }
}

class Unreadable extends Error {}

type KnownField = readonly [namespace: string, name: string, type: Type]

function readKnown(
  element: XmlElement,
  fields: readonly KnownField[],
  service: string,
): Readonly<Record<string, unknown>> {
  if (element.text.trim() !== '') throw new Unreadable(`${describeName(element)} holds text beside its elements.`)
  const given = new Map<string, XmlElement[]>()
  for (const child of element.children) {
    const { namespace, name } = child
    const field = fields.find(
      each => each[1] === name && (namespace === each[0] || namespace === service || namespace === ''),
    )
    if (field === undefined) throw new Unreadable(`${describeName(element)} has no child ${describeName(child)}.`)
    const before = given.get(name)
    if (before === undefined) given.set(name, [child])
    else if (field[2].kind === 'list') before.push(child)
    else throw new Unreadable(`${describeName(child)} came more than once.`)
  }
  const values: Record<string, unknown> = Object.create(null)
  for (const [, name, type] of fields) values[name] = readField(name, type, given.get(name) ?? [], service)
  return values
}

function readField(name: string, type: Type, given: readonly XmlElement[], service: string): unknown {
  if (type.kind === 'list') {
    return given.map(each => readItem(each, type.of, service)).filter(value => value !== undefined)
  }
  const [element] = given
  const value = element === undefined ? undefined : readItem(element, type, service)
  if (value === undefined && 'required' in type && type.required) throw new Unreadable(`${name} is missing.`)
  return value
}

function readItem(element: XmlElement, type: ItemType, service: string): unknown {
  checkAttributes(element)
  if (isNil(element)) return undefined
  if (type.kind === 'complex') return readComplex(element, type, service)
  if (element.children.length > 0) throw new Unreadable(`${describeName(element)} holds more than text.`)
  const value = simple[type.kind](type.kind === 'string' ? element.text : element.text.trim())
  if (value === undefined) throw new Unreadable(`${describeName(element)} holds no ${type.kind}.`)
  return value
}

function readComplex(element: XmlElement, type: ComplexType, service: string): unknown {
  return readKnown(element, allFields(type), service)
}

// Attributes without a namespace would be those of SOAP's own encoding (`href`): the value would stand elsewhere.
function checkAttributes({ attributes, ...element }: XmlElement): void {
  const strange = attributes.find(({ namespace }) => namespace === '')
  if (strange !== undefined) {
    throw new Unreadable(
      `${describeName(element)} has the attribute ${strange.name.slice(0, 80)}: send document/literal.`,
    )
  }
}

function isNil(element: XmlElement): boolean {
  const nil = attributeOf(element, xsi, 'nil')?.trim()
  return nil === 'true' || nil === '1'
}

const simple: Readonly<Record<SimpleKind, (text: string) => unknown>> = {
  string: value => value,
  anyType: value => value,
  int: value => integer(value, 2 ** 31),
  long: value => integer(value, Number.MAX_SAFE_INTEGER),
  boolean: value => booleans.get(value),
  dateTime: time,
  date: time,
  base64Binary: bytes,
}

const booleans = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function integer(value: string, bound: number): number | undefined {
  if (!/^[+-]?\d{1,20}$/.test(value)) return undefined
  const number = Number(value)
  return number >= -bound && number < bound ? number : undefined
}

function time(value: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T[\d:.]{8,20})?(?:Z|[+-]\d{2}:\d{2})?$/.test(value)) return undefined
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? undefined : parsed
}

// Lines may be broken anywhere; what `Buffer` would pass over is refused.
function bytes(value: string): Uint8Array | undefined {
  const text = value.replace(/\s+/g, '')
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}
