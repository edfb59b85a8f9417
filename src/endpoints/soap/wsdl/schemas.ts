import { exceptionElements } from '../exception.ts'
import { type ComplexType, type Fields, fieldsOf, type Type } from '../schema/type.ts'
import type { Operation, Service } from '../service.ts'
import { escapeXml } from '../xml/write.ts'

/** The namespaces of a WSDL by the prefixes that it gives them. */
export interface Prefixes {
  /** `ns0:` for a namespace, which is declared with the definitions */
  of(namespace: string): string
  readonly declarations: string
}

export function createPrefixes(): Prefixes {
  const known = new Map<string, string>()
  return {
    of(namespace) {
      const prefix = known.get(namespace) ?? `ns${known.size}`
      known.set(namespace, prefix)
      return prefix
    },
    get declarations() {
      return [...known].map(([namespace, prefix]) => ` xmlns:${prefix}="${escapeXml(namespace)}"`).join('')
    },
  }
}

/** One schema for each namespace, with the types that calls, answers and exceptions are made of. */
export function renderSchemas(service: Service, prefixes: Prefixes): string {
  const types = new Map<string, Map<string, string>>()

  function collect(type: Type): void {
    if (type.kind === 'list') return void collect(type.of)
    if (type.kind !== 'complex') return
    const there = types.get(type.namespace) ?? new Map<string, string>()
    types.set(type.namespace, there)
    if (there.has(type.name)) return
    there.set(type.name, '')
    if (type.base !== undefined) collect(type.base)
    for (const field of Object.values(fieldsOf(type.fields))) collect(field)
    there.set(type.name, renderComplexType(type, prefixes))
  }

  const elements = [...service.operations.values()].map(operation => renderElements(operation, prefixes))
  for (const { request, result } of service.operations.values()) {
    for (const field of Object.values(request)) collect(field)
    if (result !== undefined) collect(result)
  }
  for (const { type, child, element } of exceptionElements(service)) {
    collect(type)
    const field = renderField(child, type, prefixes)
    elements.push(renderElement(element, field))
  }
  const namespaces = [...new Set([service.namespace, ...types.keys()])]
  return namespaces
    .map(namespace => {
      const imports = namespaces.filter(each => each !== namespace)
      const own = namespace === service.namespace ? elements.join('') : ''
      return (
        `<xs:schema attributeFormDefault="qualified" elementFormDefault="qualified" targetNamespace="${escapeXml(namespace)}">` +
        `${imports.map(each => `<xs:import namespace="${escapeXml(each)}"/>`).join('')}` +
        `${[...(types.get(namespace)?.values() ?? [])].join('')}${own}</xs:schema>`
      )
    })
    .join('')
}

function renderElements({ name, request, result, shape }: Operation, prefixes: Prefixes): string {
  const asked = shape === 'no-request-part' ? '' : renderElement(name, renderFields(request, prefixes))
  if (result === undefined) return asked
  return `${asked}${renderElement(`${name}Response`, renderField('return', result, prefixes))}`
}

function renderElement(name: string, fields: string): string {
  return `<xs:element name="${name}"><xs:complexType><xs:sequence>${fields}</xs:sequence></xs:complexType></xs:element>`
}

function renderComplexType({ name, fields, base, group = 'sequence' }: ComplexType, prefixes: Prefixes): string {
  const content = `<xs:${group}>${renderFields(fieldsOf(fields), prefixes)}</xs:${group}>`
  const extended =
    base === undefined
      ? content
      : `<xs:complexContent><xs:extension base="${typeName(base, prefixes)}">${content}</xs:extension></xs:complexContent>`
  return `<xs:complexType name="${name}">${extended}</xs:complexType>`
}

function renderFields(fields: Fields, prefixes: Prefixes): string {
  return Object.entries(fields)
    .map(([name, type]) => renderField(name, type, prefixes))
    .join('')
}

/** Every field may be left out, and what is an object in Java may be nil: what is required all the same is told when it is missing. */
function renderField(name: string, type: Type, prefixes: Prefixes): string {
  const item = type.kind === 'list' ? type.of : type
  const many = type.kind === 'list' ? ' maxOccurs="unbounded"' : ''
  const nillable = primitive.has(item.kind) ? '' : ' nillable="true"'
  return `<xs:element${many} minOccurs="0" name="${name}"${nillable} type="${typeName(item, prefixes)}"/>`
}

const primitive = new Set<string>(['int', 'long', 'boolean'])

function typeName(type: Exclude<Type, { kind: 'list' }>, prefixes: Prefixes): string {
  return type.kind === 'complex' ? `${prefixes.of(type.namespace)}:${type.name}` : `xs:${type.kind}`
}
