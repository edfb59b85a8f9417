import type { Mapping } from './mapping.ts'

/**
 * What a binding looks for. `value` is the normal form that `selector.ts` makes: two spellings of one thing are one value, so that a
 * binding among a million is found by one look-up.
 */
export interface Selector {
  readonly kind: SelectorKind
  readonly value: string
}

export type SelectorKind = 'thumbprint' | 'sha1-thumbprint' | 'subject' | 'email' | 'dns' | 'uri' | 'upn' | 'anchor'

/** A rule that says which users a certificate may act as. */
export interface Binding {
  /** of a stored binding; undefined for one that stands in the configuration */
  readonly id: string | undefined
  readonly selector: Selector
  /** words in which an administrator knows it again: `thumbprint 3f0a…`, `anchor partners` */
  readonly label: string
  /** further condition: alias of the trust anchor that the path ends at */
  readonly anchor: string | undefined
  readonly tenant: string
  readonly answer: BindingAnswer
}

export type BindingAnswer =
  /** these users, the first by default */
  | { readonly kind: 'users'; readonly users: readonly string[] }
  /** any user of the tenant that exists, and none by default */
  | { readonly kind: 'any' }
  /** the user that the certificate itself names */
  | { readonly kind: 'mapped'; readonly mapping: Mapping }

/** How exactly a binding fits: only the bindings of the highest level that match decide. */
export const levels = ['thumbprint', 'name', 'anchor'] as const
export type Level = (typeof levels)[number]

export function levelOf(kind: SelectorKind): Level {
  if (kind === 'sha1-thumbprint') return 'thumbprint'
  return kind === 'thumbprint' || kind === 'anchor' ? kind : 'name'
}
