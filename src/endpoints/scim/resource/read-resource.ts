import type { Attribute, ResourceType } from '../schema/attribute.ts'
import { attributesOf } from '../schema/find-attribute.ts'
import { badRequest } from '../scim-fault.ts'
import { readValue } from './read-value.ts'
import { isComplex, type Resource } from './resource.ts'

/**
 * The resource that a client sends to be made or put in the place of another, checked against its schemas. What only this server sets is
 * left out, and so is what the schemas do not have. `most` bounds the values of one attribute. Throws ScimFault.
 */
export function readResource(type: ResourceType, body: unknown, most?: number): Resource {
  if (!isComplex(body)) throw badRequest('invalidSyntax', 'The body is no JSON object.')
  checkSchemas(type, body)
  const resource = readSection(attributesOf(type), body, most)
  for (const { id } of type.extensions) {
    const [section, another] = Object.entries(body).filter(([name]) => name.toLowerCase() === id.toLowerCase())
    if (another !== undefined) throw givenTwice(id)
    if (section === undefined || section[1] === null) continue
    if (!isComplex(section[1])) throw badRequest('invalidValue', `${id} has parts.`)
    const read = readSection(attributesOf(type, id), section[1], most)
    if (Object.keys(read).length > 0) resource[id] = read as Resource[string]
  }
  for (const { name, required } of type.schema.attributes) {
    if (required && resource[name] === undefined) throw badRequest('invalidValue', `${name} is required.`)
  }
  return resource
}

function readSection(attributes: ReadonlyMap<string, Attribute>, given: object, most: number | undefined): Resource {
  const read: Resource = {}
  const seen = new Set<Attribute>()
  for (const [name, value] of Object.entries(given)) {
    const attribute = attributes.get(name.toLowerCase())
    if (attribute === undefined || attribute.mutability === 'readOnly') continue
    if (seen.has(attribute)) throw givenTwice(attribute.name)
    seen.add(attribute)
    const read1 = readValue(attribute, value, most)
    if (read1 !== undefined) read[attribute.name] = read1
  }
  return read
}

/** RFC 7643 section 3: at least one schema, and none that this server does not know. Throws ScimFault (invalidSyntax). */
function checkSchemas(type: ResourceType, body: object): void {
  const schemas = Object.entries(body).find(([name]) => name.toLowerCase() === 'schemas')?.[1]
  if (!Array.isArray(schemas) || schemas.length === 0)
    throw badRequest('invalidSyntax', `schemas is a list, with ${type.schema.id} in it.`)
  const known = [type.schema, ...type.extensions].map(({ id }) => id.toLowerCase())
  const given = schemas.map(each => (typeof each === 'string' ? each.toLowerCase() : undefined))
  const unknown = given.findIndex(each => each === undefined || !known.includes(each))
  if (unknown !== -1) {
    const what = JSON.stringify(schemas[unknown])?.slice(0, 200)
    throw badRequest('invalidSyntax', `schemas names ${what}, which is none of a ${type.name} here.`)
  }
  if (!given.includes(type.schema.id.toLowerCase()))
    throw badRequest('invalidSyntax', `schemas does not name ${type.schema.id}.`)
}

// RFC 7643 section 2.1: names in upper and lower case are the same name.
function givenTwice(name: string) {
  return badRequest('invalidSyntax', `${name} is given twice.`)
}
