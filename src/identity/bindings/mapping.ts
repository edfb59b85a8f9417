import { CodedError } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { certificateValues, type Source, sourceOf } from './certificate-values.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { isClean, isUserName } from './user-name.ts'

/** `user:` of a binding: which value of the certificate is the user's name, and what is made of it. */
export interface MappingOptions {
  /** `subject.CN`, `san.email`, … */
  readonly from: string
  readonly match?: string | undefined
  readonly replace?: string | undefined
}

export type MappingResult =
  | { readonly kind: 'user'; readonly user: string }
  /** the certificate has no such value, or the pattern does not match it: the binding does not apply */
  | { readonly kind: 'none'; readonly reason: string }
  /** the certificate says it twice */
  | { readonly kind: 'ambiguous'; readonly reason: string }
  /** the value can be nobody's name */
  | { readonly kind: 'unfit'; readonly reason: string }

export interface Mapping extends MappingOptions {
  apply(certificate: Certificate): MappingResult
}

/** With the bound of a pattern's program, these bound the work on one certificate. */
const maxValues = 200
const maxValue = 1024

/** Throws ERR_BINDING_SOURCE, ERR_BINDING_PATTERN, ERR_BINDING_TEMPLATE. */
export function compileMapping({ from, match, replace }: MappingOptions): Mapping {
  const source = sourceOf(from)
  const pattern = match === undefined ? undefined : compilePattern(match)
  const template = compileTemplate(replace, pattern)
  return { from, match, replace, apply: certificate => applyMapping(certificate, source, pattern, template) }
}

function applyMapping(
  certificate: Certificate,
  source: Source,
  pattern: Pattern | undefined,
  template: Template,
): MappingResult {
  const { name } = source
  const values = certificateValues(certificate, source)
  if (values.kind === 'repeated')
    return { kind: 'ambiguous', reason: `${name} stands in the certificate more than once` }
  if (values.kind === 'unreadable') return { kind: 'unfit', reason: `${name} is no text that can be read` }
  if (values.values.length > maxValues)
    return { kind: 'unfit', reason: `the certificate has more than ${maxValues} ${name}` }
  const users = new Set<string>()
  for (const value of values.values) {
    if (value === '' || value.length > maxValue || !isClean(value)) {
      return { kind: 'unfit', reason: `${name} is empty, too long, or holds characters that no user name has` }
    }
    const groups = pattern === undefined ? [value] : pattern.match(value)
    const user = groups === undefined ? undefined : template(groups)
    if (user === undefined) continue
    if (!isUserName(user)) return { kind: 'unfit', reason: `${name} gives a user name that is empty or too long` }
    users.add(user)
  }
  const [user] = users
  if (user === undefined) {
    const reason = values.values.length === 0 ? `the certificate has no ${name}` : `${name} does not match the pattern`
    return { kind: 'none', reason }
  }
  return users.size === 1
    ? { kind: 'user', user }
    : { kind: 'ambiguous', reason: `${name} gives ${users.size} different users` }
}

/** Makes the user name of what the pattern found; undefined when a group that it needs took no part. */
type Template = (groups: readonly (string | undefined)[]) => string | undefined

/** `$1` to `$9` are groups, `$&` is the whole value, `$$` is a dollar sign. */
function compileTemplate(replace: string | undefined, pattern: Pattern | undefined): Template {
  if (replace === undefined) return groups => groups[0]
  if (pattern === undefined) throw templateError(replace, 'stands without a pattern (match)')
  const parts = replace.split(/(\$(?:[0-9&$]|.|$))/su).map((part, i): string | number => {
    if (i % 2 === 0) return part
    if (part === '$$') return '$'
    if (part === '$&') return 0
    const group = Number(part.slice(1))
    if (!/^\$[1-9]$/.test(part)) throw templateError(replace, `has ${part}, which means nothing`)
    if (group > pattern.groups)
      throw templateError(replace, `names group ${part}, and the pattern has ${pattern.groups}`)
    return group
  })
  return groups => {
    let user = ''
    for (const part of parts) {
      const text = typeof part === 'string' ? part : groups[part]
      if (text === undefined) return undefined
      user += text
    }
    return user
  }
}

function templateError(replace: string, problem: string): CodedError {
  return new CodedError('ERR_BINDING_TEMPLATE', `replace ${JSON.stringify(replace)} ${problem}`, {
    remedy: 'Use $1 to $9 for the groups of the pattern, $& for the whole value, and $$ for a dollar sign.',
  })
}
