import type { Field } from '../../../identity/users/directory.ts'
import type { Attribute } from '../schema/attribute.ts'
import { type Checked, unfit } from './check-comparison.ts'
import { compares } from './compares.ts'
import { compileComparison, compileLogic } from './compile-logic.ts'
import type { Condition } from './condition.ts'
import type { ScimFilter } from './filter.ts'
import { subOf } from './sub-of.ts'

/** How one sub-attribute of one value is found. */
export interface ValueLookup {
  present(sub: Attribute): Condition
  compare(sub: Attribute, checked: Checked): Condition
}

/** What stands in brackets, for one value. `path` is that of the attribute. Throws ScimFault (invalidFilter). */
export function compileValues(attribute: Attribute, path: string, filter: ScimFilter, lookup: ValueLookup): Condition {
  return compileLogic(filter, part => {
    if (part.op === 'values') throw unfit(part.path, 'has brackets within brackets')
    const sub = subOf(attribute, part.path, path)
    return part.op === 'present' ? lookup.present(sub) : compileComparison(sub, sub, part, lookup)
  })
}

/** A comparison that the directory makes. */
export function comparison(field: Field, { comparison, value }: Checked, caseExact: boolean): Condition {
  return { op: 'compare', field, comparison, value: value!, caseExact }
}

/** A comparison with what is known already. Text is compared in lower case: what is compared here is a word of ours. */
export function known(actual: string, { comparison, value }: Checked): boolean {
  return compares(comparison, actual.toLowerCase(), String(value).toLowerCase())
}
