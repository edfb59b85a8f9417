import { badRequest, type ScimFault, type ScimType } from '../scim-fault.ts'
import { type Comparison, comparisons, type ScimFilter } from './filter.ts'
import { type Token, tokensOf, unexpected } from './tokens.ts'

/** How deep parentheses may stand in each other, and how many comparisons there may be: each looks at every row. */
const most = { depth: 32, comparisons: 100 }

/**
 * Reads a filter (RFC 7644 section 3.4.2.2). `not` binds before `and`, and that before `or`; operators in upper or lower case.
 * Throws ScimFault (invalidFilter).
 */
export function parseFilter(source: string): ScimFilter {
  const parser = new FilterParser(tokensOf(source, 'invalidFilter'), 'invalidFilter')
  const filter = parser.disjunction(true)
  parser.end()
  return filter
}

export class FilterParser {
  readonly #tokens: readonly Token[]
  readonly #scimType: ScimType
  #at = 0
  #depth = 0
  #comparisons = 0

  constructor(tokens: readonly Token[], scimType: ScimType) {
    this.#tokens = tokens
    this.#scimType = scimType
  }

  /** `values` says whether a path may be followed by brackets: not within brackets. */
  disjunction(values: boolean): ScimFilter {
    return this.#chain('or', () => this.#chain('and', () => this.#term(values)))
  }

  /** Throws when something is left. */
  end(): void {
    const token = this.#tokens[this.#at]
    if (token !== undefined) throw this.#wrong(token)
  }

  /** The path that comes next. */
  path(): string {
    const token = this.#next()
    if (token?.kind !== 'word') throw this.#wrong(token)
    return token.text
  }

  /** Whether this mark comes next; takes it. */
  take(mark: '(' | ')' | '[' | ']' | '.'): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'mark' || token.text !== mark) return false
    this.#at += 1
    return true
  }

  require(mark: ')' | ']'): void {
    if (!this.take(mark)) throw this.#wrong(this.#tokens[this.#at])
  }

  #chain(op: 'and' | 'or', part: () => ScimFilter): ScimFilter {
    const parts = [part()]
    while (this.#takeWord(op)) parts.push(part())
    return parts.length === 1 ? parts[0]! : { op, of: parts }
  }

  #term(values: boolean): ScimFilter {
    if (this.take('(')) return this.#nested(')', values)
    if (this.#isMark(this.#at + 1, '(') && this.#takeWord('not')) {
      this.#at += 1
      return { op: 'not', of: this.#nested(')', values) }
    }
    const path = this.path()
    if (values && this.take('[')) return { op: 'values', path, of: this.#nested(']', false) }
    this.#comparisons += 1
    if (this.#comparisons > most.comparisons)
      throw badRequest(this.#scimType, `There are more than ${most.comparisons} comparisons.`)
    return this.#comparison(path)
  }

  #nested(end: ')' | ']', values: boolean): ScimFilter {
    this.#depth += 1
    if (this.#depth > most.depth) throw badRequest(this.#scimType, 'Parentheses stand too deep in each other.')
    const filter = this.disjunction(values)
    this.require(end)
    this.#depth -= 1
    return filter
  }

  #comparison(path: string): ScimFilter {
    const token = this.#next()
    if (token?.kind !== 'word') throw this.#wrong(token)
    const operator = token.text.toLowerCase()
    if (operator === 'pr') return { op: 'present', path }
    if (!isComparison(operator)) throw this.#wrong(token)
    const operand = this.#next()
    if (operand?.kind !== 'value') throw this.#wrong(operand)
    return { op: 'compare', path, comparison: operator, value: operand.value }
  }

  #next(): Token | undefined {
    const token = this.#tokens[this.#at]
    this.#at += 1
    return token
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false
    this.#at += 1
    return true
  }

  #isMark(at: number, mark: string): boolean {
    const token = this.#tokens[at]
    return token?.kind === 'mark' && token.text === mark
  }

  #wrong(token: Token | undefined): ScimFault {
    if (token === undefined) return badRequest(this.#scimType, 'It ends too early.')
    return unexpected('text' in token ? token.text : String(token.value), token.at, this.#scimType)
  }
}

function isComparison(operator: string): operator is Comparison {
  return (comparisons as readonly string[]).includes(operator)
}
