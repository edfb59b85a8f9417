import { CodedError } from '../../errors.ts'

export type Node =
  | { readonly type: 'one'; readonly accepts: (character: string) => boolean }
  | { readonly type: 'sequence'; readonly items: readonly Node[] }
  | { readonly type: 'choice'; readonly options: readonly Node[] }
  | { readonly type: 'group'; readonly index: number; readonly item: Node }
  | {
      readonly type: 'repeat'
      readonly item: Node
      readonly min: number
      readonly max: number
      readonly greedy: boolean
    }

export function patternError(source: string, problem: string): CodedError {
  return new CodedError('ERR_BINDING_PATTERN', `the pattern ${JSON.stringify(source)} ${problem}`, {
    remedy:
      'Write a regular expression for the whole value, with ^ and $ around every alternative: ^(.+)@partner\\.example$ or ^(?:alice|bob)$. Back references, look-around and flags are not available.',
  })
}

const maxSource = 500
const maxRepeat = 256

/** Reads the source to a tree; groups are numbered from 1 by their opening parenthesis. Throws ERR_BINDING_PATTERN. */
export function parsePattern(source: string): { node: Node; groups: number } {
  if (source.length > maxSource) throw patternError(`${source.slice(0, 40)}…`, `is longer than ${maxSource} characters`)
  const parser = new Parser(source)
  return { node: parser.whole(), groups: parser.groups }
}

class Parser {
  readonly #source: string
  readonly #characters: readonly string[]
  #at = 0
  #depth = 0
  groups = 0

  constructor(source: string) {
    this.#source = source
    this.#characters = [...source]
  }

  whole(): Node {
    const options: Node[] = []
    do {
      if (!this.#take('^')) throw this.#error('has an alternative that does not begin with ^')
      const option = this.#sequence()
      if (!this.#take('$')) throw this.#unexpected('has an alternative that does not end with $')
      options.push(option)
    } while (this.#take('|'))
    if (this.#at < this.#characters.length) throw this.#unexpected('goes on after $')
    return options.length === 1 ? options[0]! : { type: 'choice', options }
  }

  #sequence(): Node {
    const items: Node[] = []
    while (!['|', ')', '$', undefined].includes(this.#next())) items.push(this.#quantified(this.#atom()))
    return items.length === 1 ? items[0]! : { type: 'sequence', items }
  }

  #atom(): Node {
    const character = this.#characters[this.#at++]!
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return { type: 'one', accepts: this.#class() }
      case '.':
        // values with line ends in them never come this far
        return { type: 'one', accepts: () => true }
      case '\\':
        return { type: 'one', accepts: this.#escape() }
      case '^':
        throw this.#error('has a ^ that does not stand at the beginning of an alternative')
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        throw this.#error(`has a ${character} that repeats nothing or is not escaped`)
      default:
        return { type: 'one', accepts: other => other === character }
    }
  }

  #group(): Node {
    if (this.#take('?')) {
      if (!this.#take(':')) throw this.#error('has a group of a kind that is not available: only (…) and (?:…) are')
      return this.#alternatives()
    }
    this.groups += 1
    const index = this.groups
    return { type: 'group', index, item: this.#alternatives() }
  }

  #alternatives(): Node {
    this.#depth += 1
    if (this.#depth > 20) throw this.#error('is nested too deeply')
    const options: Node[] = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    if (!this.#take(')')) throw this.#unexpected('has a group that is not closed')
    this.#depth -= 1
    return options.length === 1 ? options[0]! : { type: 'choice', options }
  }

  #quantified(item: Node): Node {
    const count = this.#count()
    if (count === undefined) return item
    if (canBeEmpty(item)) throw this.#error('repeats something that can be empty')
    const greedy = !this.#take('?')
    if (this.#count() !== undefined) throw this.#error('repeats a repetition')
    return { type: 'repeat', item, ...count, greedy }
  }

  #count(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
    if (this.#take('?')) return { min: 0, max: 1 }
    const braces = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(''))
    if (braces === null) return undefined
    this.#at += braces[0].length
    const min = Number(braces[1])
    const max = braces[2] === undefined ? min : braces[3] === undefined ? Number.POSITIVE_INFINITY : Number(braces[3])
    if (min > max || min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY) || max === 0) {
      throw this.#error(`repeats ${braces[0]}: from 0 to ${maxRepeat} times, the smaller number first`)
    }
    return { min, max }
  }

  #escape(): (character: string) => boolean {
    const character = this.#characters[this.#at++]
    const set = character === undefined ? undefined : sets[character]
    if (set !== undefined) return other => set.test(other)
    if (character === undefined || !/^[!-/:-@[-`{-~ ]$/.test(character)) {
      throw this.#error(`has an escape that is not available: \\${character ?? ''}`)
    }
    return other => other === character
  }

  #class(): (character: string) => boolean {
    const negated = this.#take('^')
    const members: ((character: string) => boolean)[] = []
    while (!this.#take(']')) {
      const low = this.#member()
      if (typeof low === 'string' && this.#next() === '-' && this.#characters[this.#at + 1] !== ']') {
        this.#at += 1
        const high = this.#member()
        if (typeof high !== 'string' || high.codePointAt(0)! < low.codePointAt(0)!) {
          throw this.#error('has a range in [ ] that is out of order')
        }
        members.push(
          other => other.codePointAt(0)! >= low.codePointAt(0)! && other.codePointAt(0)! <= high.codePointAt(0)!,
        )
      } else {
        members.push(typeof low === 'string' ? other => other === low : low)
      }
    }
    return character => members.some(accepts => accepts(character)) !== negated
  }

  /** One character of a class, or a set such as \d. */
  #member(): string | ((character: string) => boolean) {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw this.#error('has a [ that is not closed')
    if (character === '[') throw this.#error('has a [ in [ ] that is not escaped')
    if (character !== '\\') return character
    const escaped = this.#next()
    const accepts = this.#escape()
    return escaped !== undefined && sets[escaped] === undefined ? escaped : accepts
  }

  #next(): string | undefined {
    return this.#characters[this.#at]
  }

  #take(character: string): boolean {
    if (this.#next() !== character) return false
    this.#at += 1
    return true
  }

  #unexpected(otherwise: string): CodedError {
    return this.#next() === ')' ? this.#error('has a ) that closes nothing') : this.#error(otherwise)
  }

  #error(problem: string): CodedError {
    return patternError(this.#source, problem)
  }
}

const sets: Readonly<Record<string, RegExp>> = { d: /\d/, D: /\D/, w: /\w/, W: /\W/, s: /\s/, S: /\S/ }

function canBeEmpty(node: Node): boolean {
  switch (node.type) {
    case 'one':
      return false
    case 'sequence':
      return node.items.every(canBeEmpty)
    case 'choice':
      return node.options.some(canBeEmpty)
    case 'group':
      return canBeEmpty(node.item)
    case 'repeat':
      return node.min === 0
  }
}
