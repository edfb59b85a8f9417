/** A resource as JSON has it, by the names of its schema. Attributes of an extension stand below the name of its schema. */
export interface Resource {
  [name: string]: Value | undefined
}

export type Simple = string | boolean
export interface Complex {
  [name: string]: Simple | undefined
}
/** An extension is the one value whose values may be complex. */
export type Value =
  | Simple
  | Complex
  | readonly Complex[]
  | readonly string[]
  | { [name: string]: Simple | Complex | undefined }

export function isComplex(value: unknown): value is Complex {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The part of a resource in which the attributes of the core schema, or of an extension, stand. */
export function sectionOf(resource: Resource, extension: string | undefined): Resource {
  if (extension === undefined) return resource
  const section = resource[extension]
  return isComplex(section) ? (section as Resource) : {}
}
