import { xsi } from '../namespaces.ts'
import { escapeXml } from '../xml/write.ts'
import { allFields, type ItemType, type Type } from './type.ts'

/**
 * An element with the fields of it as children, those of a list one after the other: `<ns:NAME><ns:FIELD>…`. What has no value is left
 * out in complex types, and nil where it is all that there is (`return`).
 */
export function writeFields(
  namespace: string,
  name: string,
  fields: readonly (readonly [name: string, type: Type, value: unknown])[],
): string {
  const children = fields.map(([field, type, value]) => writeField('ns', field, type, value, 0))
  return `<ns:${name} xmlns:ns="${escapeXml(namespace)}">${children.join('')}</ns:${name}>`
}

function writeField(prefix: string, name: string, type: Type, value: unknown, depth: number): string {
  if (type.kind === 'list') {
    return (value as readonly unknown[]).map(each => writeItem(prefix, name, type.of, each, depth)).join('')
  }
  if (value === undefined) return depth === 0 ? `<${prefix}:${name} xmlns:xsi="${xsi}" xsi:nil="true"/>` : ''
  return writeItem(prefix, name, type, value, depth)
}

function writeItem(prefix: string, name: string, type: ItemType, value: unknown, depth: number): string {
  if (type.kind !== 'complex')
    return `<${prefix}:${name}>${escapeXml(simpleText(type.kind, value))}</${prefix}:${name}>`
  const own = `ax${depth + 1}`
  const values = value as Readonly<Record<string, unknown>>
  const namespaces = new Map<string, string>()
  const children = allFields(type).map(([namespace, field, fieldType]) => {
    const used =
      namespaces.get(namespace) ?? `${own}${namespaces.size === 0 ? '' : String.fromCharCode(97 + namespaces.size)}`
    namespaces.set(namespace, used)
    const given = values[field] ?? (fieldType.kind === 'list' ? [] : undefined)
    return writeField(used, field, fieldType, given, depth + 1)
  })
  const declarations = [...namespaces].map(([namespace, used]) => ` xmlns:${used}="${escapeXml(namespace)}"`)
  return `<${prefix}:${name}${declarations.join('')}>${children.join('')}</${prefix}:${name}>`
}

function simpleText(kind: string, value: unknown): string {
  if (kind === 'dateTime') return new Date(value as number).toISOString()
  if (kind === 'date') return `${new Date(value as number).toISOString().slice(0, 10)}Z`
  return String(value)
}
