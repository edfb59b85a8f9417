import type { Field } from '../../../identity/users/directory.ts'
import type { Attribute } from '../schema/attribute.ts'

/** Which field of a user or role a part of `meta` is. */
export function metaFieldOf(sub: Attribute | undefined): Field | undefined {
  if (sub?.name === 'created') return { kind: 'created' }
  return sub?.name === 'lastModified' ? { kind: 'modified' } : undefined
}
