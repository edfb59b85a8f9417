import { badRequest, type ScimFault, type ScimType } from '../scim-fault.ts'
import type { CompareValue } from './filter.ts'

export type Token =
  | { readonly kind: 'mark'; readonly text: '(' | ')' | '[' | ']' | '.'; readonly at: number }
  /** a path, an operator or a word of the grammar */
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'value'; readonly value: CompareValue; readonly at: number }

/** Characters of the longest filter or path. */
export const maxLength = 8192

// ATTRNAME of RFC 7644 with what URNs have besides; `$ref` begins with a dollar sign.
const word = /[A-Za-z$][A-Za-z0-9_:.$-]*/y
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
// One pass over a JSON string: what stands between the quotation marks is JSON.parse's to judge.
const string = /"(?:[^"\\]|\\.)*"/suy

/** Takes a filter or a path apart. `scimType` is what a mistake in it is called. Throws ScimFault. */
export function tokensOf(source: string, scimType: ScimType): Token[] {
  if (source.length > maxLength) throw badRequest(scimType, `It is longer than ${maxLength} characters.`)
  const tokens: Token[] = []
  for (let at = 0; at < source.length; ) {
    const character = source[at]!
    if (character === ' ') at += 1
    else if (character === '(' || character === ')' || character === '[' || character === ']' || character === '.') {
      tokens.push({ kind: 'mark', text: character, at })
      at += 1
    } else {
      const [token, end] = longToken(source, at, scimType)
      tokens.push(token)
      at = end
    }
  }
  return tokens
}

function longToken(source: string, at: number, scimType: ScimType): [Token, number] {
  const text = match(word, source, at)
  if (text !== undefined) return [wordToken(text, at), at + text.length]
  const quoted = match(string, source, at)
  if (quoted !== undefined) return [{ kind: 'value', value: unquoted(quoted, at, scimType), at }, at + quoted.length]
  const digits = match(number, source, at)
  if (digits !== undefined) return [{ kind: 'value', value: Number(digits), at }, at + digits.length]
  throw unexpected(source[at]!, at, scimType)
}

function wordToken(text: string, at: number): Token {
  switch (text) {
    case 'true':
      return { kind: 'value', value: true, at }
    case 'false':
      return { kind: 'value', value: false, at }
    case 'null':
      return { kind: 'value', value: null, at }
    default:
      return { kind: 'word', text, at }
  }
}

function unquoted(quoted: string, at: number, scimType: ScimType): string {
  try {
    return JSON.parse(quoted)
  } catch {
    throw badRequest(scimType, `The text in quotation marks at character ${at + 1} is no JSON string.`)
  }
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(source)?.[0]
}

export function unexpected(what: string, at: number, scimType: ScimType): ScimFault {
  return badRequest(scimType, `${JSON.stringify(what.slice(0, 80))} at character ${at + 1} is not understood there.`)
}
