import type { ResourceType } from '../schema/attribute.ts'
import { findAttribute } from '../schema/find-attribute.ts'
import { badRequest } from '../scim-fault.ts'
import { type Complex, isComplex, type Resource } from './resource.ts'

/** Which attributes of a resource are told (RFC 7644 section 3.9). */
export interface Projection {
  /** whether anything of the attribute is; what costs something need not be looked up otherwise */
  wants(name: string): boolean
  project(resource: Resource): Resource
}

/** The paths of `attributes`, or else of `excludedAttributes`. Names that no attribute has are passed over. Throws ScimFault. */
export function readProjection(
  type: ResourceType,
  attributes: readonly string[] | undefined,
  excluded: readonly string[] | undefined,
): Projection {
  if (attributes !== undefined && excluded !== undefined)
    throw badRequest('invalidValue', 'attributes and excludedAttributes exclude each other.')
  if (attributes === undefined && excluded === undefined) return everything
  const named = new Set((attributes ?? excluded!).flatMap(path => keyOf(type, path) ?? []))
  const only = attributes !== undefined
  return {
    wants: name => only === (named.has(name) || [...named].some(each => only && each.startsWith(`${name}.`))),
    project: resource => projectSection(type, resource, '', named, only),
  }
}

const everything: Projection = { wants: () => true, project: resource => resource }

const always = new Set(['id', 'schemas'])

function keyOf(type: ResourceType, path: string): string | undefined {
  const found = findAttribute(type, path.trim())
  if (found === undefined) return undefined
  const { extension, attribute, sub } = found
  if (attribute === undefined) return extension
  return `${extension === undefined ? '' : `${extension}:`}${attribute.name}${sub === undefined ? '' : `.${sub.name}`}`
}

function projectSection(
  type: ResourceType,
  section: Resource,
  prefix: string,
  named: ReadonlySet<string>,
  only: boolean,
): Resource {
  const projected: Resource = {}
  for (const [name, value] of Object.entries(section)) {
    const key = `${prefix}${name}`
    const isExtension = prefix === '' && type.extensions.some(({ id }) => id === name)
    const all = always.has(key) || named.has(key) === only
    if (isExtension) {
      const inner = named.has(key)
        ? only
          ? value
          : undefined
        : projectSection(type, value as Resource, `${name}:`, named, only)
      if (isComplex(inner) && Object.keys(inner).length > 0) projected[name] = inner
      continue
    }
    const part = all && (only || always.has(key)) ? value : all || only ? partsOf(value, key, named, only) : undefined
    if (part !== undefined) projected[name] = part
  }
  return projected
}

/** The parts that are meant of a value with parts, or of each of several. */
function partsOf(value: Resource[string], key: string, named: ReadonlySet<string>, only: boolean): Resource[string] {
  const one = (parts: Complex): Complex =>
    Object.fromEntries(Object.entries(parts).filter(([part]) => named.has(`${key}.${part}`) === only))
  if (isComplex(value)) {
    const parts = one(value)
    return Object.keys(parts).length === 0 ? undefined : parts
  }
  if (!Array.isArray(value)) return only ? undefined : value
  const values = value
    .map(each => (isComplex(each) ? one(each) : each))
    .filter(each => !isComplex(each) || Object.keys(each).length > 0)
  return values.length === 0 ? undefined : (values as Resource[string])
}
