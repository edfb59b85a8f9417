/** A filter as it was written (RFC 7644 section 3.4.2.2); its attribute paths are not looked up yet. */
export type ScimFilter =
  | { readonly op: 'and' | 'or'; readonly of: readonly ScimFilter[] }
  | { readonly op: 'not'; readonly of: ScimFilter }
  | { readonly op: 'present'; readonly path: string }
  | { readonly op: 'compare'; readonly path: string; readonly comparison: Comparison; readonly value: CompareValue }
  /** `emails[type eq "work"]`: one value meets all of it */
  | { readonly op: 'values'; readonly path: string; readonly of: ScimFilter }

export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const

export type Comparison = (typeof comparisons)[number]

export type CompareValue = string | number | boolean | null
