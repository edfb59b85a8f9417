import type { Attribute } from '../schema/attribute.ts'
import { subAttributesOf } from '../schema/find-attribute.ts'
import { unfit } from './check-comparison.ts'

/** The sub-attribute of that name, in upper or lower case. Throws ScimFault (invalidFilter), which calls the attribute `path`. */
export function subOf(attribute: Attribute, name: string, path = attribute.name): Attribute {
  const sub = subAttributesOf(attribute).get(name.toLowerCase())
  if (sub === undefined) throw unfit(name, `is no part of ${path}`)
  return sub
}
