import type { ScimFilter } from '../filter/filter.ts'
import { type PatchPath, parsePath } from '../filter/parse-path.ts'
import { subOf } from '../filter/sub-of.ts'
import { checkPrimary } from '../resource/read-value.ts'
import { type Complex, isComplex, type Resource } from '../resource/resource.ts'
import type { Attribute, ResourceType } from '../schema/attribute.ts'
import { type Found, findAttribute } from '../schema/find-attribute.ts'
import { badRequest, ScimFault } from '../scim-fault.ts'
import { changeAll, changeSingle, changeSome } from './change-attribute.ts'
import type { PatchOperation } from './read-patch.ts'

/** Values that the operations of one request may look at, all together: a large group is gone through by every one of them. */
const mostLookedAt = 2_000_000

/**
 * Changes the resource as the operations say, one after the other (RFC 7644 section 3.5.2). `resource` is the caller's own copy; it is in
 * no good state when this throws. `most` bounds the values of one attribute. Throws ScimFault.
 */
export function applyPatch(
  type: ResourceType,
  resource: Resource,
  operations: readonly PatchOperation[],
  most?: number,
): void {
  let lookedAt = 0

  function apply({ op, path, value }: PatchOperation): void {
    if (path !== undefined) {
      applyTo(op, parsePath(path), value, 'named')
      return
    }
    if (op === 'remove') throw badRequest('noTarget', 'An operation remove has no path.')
    if (!isComplex(value))
      throw badRequest('invalidValue', `An operation ${op} without a path has an object as its value.`)
    for (const [name, each] of Object.entries(value)) applyTo(op, parsePath(name), each, 'listed')
  }

  /** `listed`: the name stood among others in an object, where what cannot be set is passed over as it is in a whole resource. */
  function applyTo(op: PatchOperation['op'], path: PatchPath, value: unknown, place: 'named' | 'listed'): void {
    const found = findAttribute(type, path.path)
    if (found === undefined) {
      if (place === 'listed') return
      throw badRequest('invalidPath', `${path.path} is no attribute of a ${type.name}.`)
    }
    if (found.attribute === undefined) {
      applyToExtension(op, found.extension!, value)
      return
    }
    if (found.attribute.mutability === 'readOnly') {
      if (place === 'listed') return
      throw badRequest('mutability', `${path.path} is set by this server alone.`)
    }
    const section = found.extension === undefined ? resource : extensionOf(resource, found.extension)
    const sub = path.sub === undefined ? found.sub : subOf(found.attribute, path.sub)
    if (path.sub !== undefined && found.sub !== undefined)
      throw badRequest('invalidPath', 'Brackets follow an attribute.')
    if (sub?.mutability === 'readOnly') throw badRequest('mutability', `${path.path} is set by this server alone.`)
    change(section, { ...found, attribute: found.attribute, sub }, path.values, op, value)
    if (found.extension !== undefined && Object.keys(section).length === 0) delete resource[found.extension]
  }

  function applyToExtension(op: PatchOperation['op'], extension: string, value: unknown): void {
    if (op === 'remove') {
      delete resource[extension]
      return
    }
    if (!isComplex(value)) throw badRequest('invalidValue', `${extension} has parts.`)
    for (const [name, each] of Object.entries(value)) applyTo(op, parsePath(`${extension}:${name}`), each, 'listed')
  }

  function change(
    section: Resource,
    { attribute, sub }: Found & { readonly attribute: Attribute },
    filter: ScimFilter | undefined,
    op: PatchOperation['op'],
    value: unknown,
  ): void {
    const { name } = attribute
    if (!attribute.multiValued) {
      if (filter !== undefined) throw badRequest('invalidPath', `${name} has no values for brackets to choose from.`)
      changeSingle(section, attribute, sub, op, value)
      return
    }
    const values = [...((section[name] as readonly Complex[] | undefined) ?? [])]
    lookedAt += values.length
    if (lookedAt > mostLookedAt)
      throw new ScimFault({ code: 'payload_too_large', detail: 'These are too many operations on so many values.' })
    const changed =
      filter === undefined && sub === undefined
        ? changeAll(attribute, values, op, value)
        : changeSome(attribute, values, filter, sub, op, value)
    if (most !== undefined && changed.length > most)
      throw badRequest('invalidValue', `${name} has more than ${most} values.`)
    checkPrimary(attribute, changed)
    if (changed.length === 0) delete section[name]
    else section[name] = changed
  }

  for (const operation of operations) apply(operation)
  for (const { name, required } of type.schema.attributes) {
    if (required && resource[name] === undefined) throw badRequest('mutability', `${name} cannot be taken away.`)
  }
}

function extensionOf(resource: Resource, extension: string): Resource {
  const section = { ...(resource[extension] as Resource | undefined) }
  resource[extension] = section as Resource[string]
  return section
}
