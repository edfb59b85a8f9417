import { type Binding, type BindingAnswer, levelOf, type SelectorKind } from './binding.ts'
import { alternativeKinds } from './certificate-values.ts'
import { compileMapping } from './mapping.ts'
import type { BindingOptions } from './options.ts'
import { selectorLabel, selectorOf } from './selector.ts'

/**
 * A binding as it was written, ready to be looked up. Throws ERR_BINDING_SELECTOR, ERR_BINDING_SOURCE, ERR_BINDING_PATTERN,
 * ERR_BINDING_TEMPLATE.
 */
export function compileBinding(options: BindingOptions, id?: string): Binding {
  const [kind, text] = written(options)
  return {
    id,
    selector: selectorOf(kind, text),
    label: selectorLabel(kind, text),
    anchor: levelOf(kind) === 'anchor' ? undefined : options.anchor?.toLowerCase(),
    tenant: options.tenant,
    answer: answerOf(options),
  }
}

function written({ thumbprint, insecureSha1Thumbprint, subject, san, anchor }: BindingOptions): [SelectorKind, string] {
  if (thumbprint !== undefined) return ['thumbprint', thumbprint]
  if (insecureSha1Thumbprint !== undefined) return ['sha1-thumbprint', insecureSha1Thumbprint]
  if (subject !== undefined) return ['subject', subject]
  for (const kind of alternativeKinds) {
    const name = san?.[kind]
    if (name !== undefined) return [kind, name]
  }
  if (anchor !== undefined) return ['anchor', anchor]
  throw new TypeError('a binding without a selector came past the schema')
}

function answerOf({ users, user }: BindingOptions): BindingAnswer {
  if (user !== undefined) return { kind: 'mapped', mapping: compileMapping(user) }
  if (users === undefined) throw new TypeError('a binding without users came past the schema')
  return users[0] === '*' ? { kind: 'any' } : { kind: 'users', users }
}
