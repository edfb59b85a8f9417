import { type Attribute, type ResourceType, text } from './attribute.ts'
import { commonAttributes, externalId } from './common.ts'

/** Where an attribute path leads (RFC 7644 section 3.10). */
export interface Found {
  /** schema of the extension; undefined: core schema, or common to all */
  readonly extension: string | undefined
  /** undefined: all of the extension */
  readonly attribute: Attribute | undefined
  readonly sub: Attribute | undefined
}

/**
 * `userName`, `name.givenName`, `urn:…:User:name.givenName`, `urn:…:enterprise:2.0:User`: names and schemas in upper or lower case.
 * undefined: there is no such attribute.
 */
export function findAttribute(type: ResourceType, path: string): Found | undefined {
  const schemas = [type.schema, ...type.extensions]
  const lower = path.toLowerCase()
  const schema = schemas.find(({ id }) => lower === id.toLowerCase() || lower.startsWith(`${id.toLowerCase()}:`))
  const extension = schema === undefined || schema === type.schema ? undefined : schema.id
  const rest = schema === undefined ? lower : lower.slice(schema.id.length + 1)
  if (rest === '') return extension === undefined ? undefined : { extension, attribute: undefined, sub: undefined }
  const [name = '', part, ...more] = rest.split('.')
  const attribute = attributesOf(type, extension).get(name)
  if (attribute === undefined || more.length > 0) return undefined
  if (part === undefined) return { extension, attribute, sub: undefined }
  const sub = subAttributesOf(attribute).get(part)
  return sub && { extension, attribute, sub }
}

/** By their names in lower case; of the core schema and what is common, or of an extension. */
export function attributesOf(type: ResourceType, extension?: string): ReadonlyMap<string, Attribute> {
  const schema = extension === undefined ? type.schema : type.extensions.find(({ id }) => id === extension)!
  return byName(schema.attributes, () => [
    ...(extension === undefined ? [...commonAttributes, schemas] : []),
    ...(extension === undefined && type.name === 'User' ? [externalId] : []),
    ...schema.attributes,
  ])
}

/** By their names in lower case. */
export function subAttributesOf({ subAttributes = none }: Attribute): ReadonlyMap<string, Attribute> {
  return byName(subAttributes, () => subAttributes)
}

const none: readonly Attribute[] = []

const schemas = text('schemas', 'The schemas that the resource follows.', {
  multiValued: true,
  caseExact: true,
  mutability: 'readOnly',
  returned: 'always',
})

const tables = new WeakMap<readonly Attribute[], ReadonlyMap<string, Attribute>>()

function byName(key: readonly Attribute[], all: () => readonly Attribute[]): ReadonlyMap<string, Attribute> {
  const known = tables.get(key)
  if (known !== undefined) return known
  const made = new Map(all().map(attribute => [attribute.name.toLowerCase(), attribute]))
  tables.set(key, made)
  return made
}
