import type { Field } from '../../../identity/users/directory.ts'
import type { Attribute } from '../schema/attribute.ts'
import { unfit } from './check-comparison.ts'
import { comparison, known, type ValueLookup } from './compile-values.ts'
import { all, type Condition } from './condition.ts'
import type { ScimFilter } from './filter.ts'

export interface ReferenceFields {
  /** of the attribute, for what is told */
  readonly name: string
  readonly id: Field
  readonly display: Field
  /** `type` of every one of them */
  readonly type: string
}

export interface ReferenceLookup extends ValueLookup {
  present(sub: Attribute | undefined): Condition
  compare(sub: Attribute | undefined, checked: Parameters<ValueLookup['compare']>[1]): Condition
  /** The same for what stands in brackets: the directory looks at one thing of one of them at a time. */
  within(filter: ScimFilter): ValueLookup
}

/** References to other resources, members of a group or groups of a user: which field each of their sub-attributes is. */
export function referenceLookup({ name, id, display, type }: ReferenceFields): ReferenceLookup {
  function fieldOf(sub: Attribute | undefined): Field {
    if (sub?.name === '$ref') throw unfit(`${name}.$ref`, 'cannot be searched for')
    return sub?.name === 'display' ? display : id
  }
  const lookup: ReferenceLookup = {
    present: sub => ({ op: 'present', field: fieldOf(sub) }),
    compare: (sub, checked) =>
      sub?.name === 'type'
        ? all([{ op: 'present', field: id }, known(type, checked)])
        : comparison(fieldOf(sub), checked, sub?.name !== 'display'),
    within(filter) {
      if (filter.op === 'and' || filter.op === 'not')
        throw unfit(`${name}[…]`, 'can be asked for one thing: value, display or type')
      return lookup
    },
  }
  return lookup
}
