/**
 * Structured fields (RFC 9651) as far as certificates and signatures in headers need them: strict, and without types that they do not
 * use. Every reader answers undefined for what is malformed.
 */
export type BareItem =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'token'; readonly value: string }
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Buffer }
  | { readonly type: 'boolean'; readonly value: boolean }

export type Parameters = ReadonlyMap<string, BareItem>

export interface InnerList {
  readonly items: readonly { readonly item: BareItem; readonly parameters: Parameters }[]
  readonly parameters: Parameters
}

export interface Item {
  readonly item: BareItem
  readonly parameters: Parameters
}

/** A list of byte sequences without parameters (RFC 9440): `:MIIB…:, :MIIC…:`. An empty field is an empty list. */
export function readByteSequences(text: string): Buffer[] | undefined {
  const scan = new Scan(text)
  const found: Buffer[] = []
  scan.blanks()
  if (scan.done) return found
  for (;;) {
    const item = scan.bareItem()
    if (item?.type !== 'bytes') return undefined
    found.push(item.value)
    scan.blanks()
    if (scan.done) return found
    if (!scan.take(',')) return undefined
    scan.blanks()
  }
}

/** A dictionary, each key once (RFC 9651 section 3.2 keeps the last of several, which two readers may see differently). */
export function readDictionary(text: string): ReadonlyMap<string, Item | InnerList> | undefined {
  const scan = new Scan(text)
  const found = new Map<string, Item | InnerList>()
  scan.blanks()
  for (;;) {
    const key = scan.key()
    if (key === undefined || found.has(key)) return undefined
    const member = scan.take('=') ? scan.member() : scan.flag()
    if (member === undefined) return undefined
    found.set(key, member)
    scan.blanks()
    if (scan.done) return found
    if (!scan.take(',')) return undefined
    scan.blanks()
  }
}

/** RFC 9651 section 4.1.1.1: what a signer signed of its own parameters. */
export function writeInnerList({ items, parameters }: InnerList): string {
  const inside = items.map(({ item, parameters: own }) => writeBareItem(item) + writeParameters(own))
  return `(${inside.join(' ')})${writeParameters(parameters)}`
}

function writeParameters(parameters: Parameters): string {
  let text = ''
  for (const [key, item] of parameters) {
    text += item.type === 'boolean' && item.value ? `;${key}` : `;${key}=${writeBareItem(item)}`
  }
  return text
}

function writeBareItem(item: BareItem): string {
  switch (item.type) {
    case 'string':
      return `"${item.value.replace(/["\\]/g, '\\$&')}"`
    case 'token':
      return item.value
    case 'integer':
      return String(item.value)
    case 'bytes':
      return `:${item.value.toString('base64')}:`
    case 'boolean':
      return item.value ? '?1' : '?0'
  }
}

class Scan {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  blanks(): void {
    this.#match(/[ \t]*/y)
  }

  key(): string | undefined {
    return this.#match(/[a-z*][a-z0-9_.*-]*/y)
  }

  member(): Item | InnerList | undefined {
    return this.#text[this.#at] === '(' ? this.#innerList() : this.#item()
  }

  flag(): Item | undefined {
    const parameters = this.#parameters()
    return parameters && { item: { type: 'boolean', value: true }, parameters }
  }

  bareItem(): BareItem | undefined {
    const first = this.#text[this.#at]
    if (first === '"') return this.#string()
    if (first === ':') return this.#bytes()
    if (first === '?') {
      const value = this.#match(/\?[01]/y)
      return value === undefined ? undefined : { type: 'boolean', value: value === '?1' }
    }
    const number = this.#match(/-?\d{1,15}(?![\d.])/y)
    if (number !== undefined) return { type: 'integer', value: Number(number) }
    const token = this.#match(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y)
    return token === undefined ? undefined : { type: 'token', value: token }
  }

  #item(): Item | undefined {
    const item = this.bareItem()
    const parameters = item && this.#parameters()
    return item && parameters && { item, parameters }
  }

  #innerList(): InnerList | undefined {
    this.take('(')
    const items: Item[] = []
    for (;;) {
      this.#match(/ */y)
      if (this.take(')')) break
      const item = this.#item()
      const next = this.#text[this.#at]
      if (item === undefined || (next !== ' ' && next !== ')')) return undefined
      items.push(item)
    }
    const parameters = this.#parameters()
    return parameters && { items, parameters }
  }

  #parameters(): Parameters | undefined {
    const found = new Map<string, BareItem>()
    while (this.take(';')) {
      this.#match(/ */y)
      const key = this.key()
      const item =
        key === undefined ? undefined : this.take('=') ? this.bareItem() : ({ type: 'boolean', value: true } as const)
      if (key === undefined || item === undefined || found.has(key)) return undefined
      found.set(key, item)
    }
    return found
  }

  #string(): BareItem | undefined {
    const quoted = this.#match(/"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y)
    return quoted === undefined ? undefined : { type: 'string', value: quoted.slice(1, -1).replace(/\\(.)/g, '$1') }
  }

  #bytes(): BareItem | undefined {
    const text = this.#match(/:[A-Za-z0-9+/]*={0,2}:/y)?.slice(1, -1)
    if (text === undefined) return undefined
    const value = Buffer.from(text, 'base64')
    return value.toString('base64') === text ? { type: 'bytes', value } : undefined
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}
