/*
 * The types of requests and results, as data: what is read, what is written and what the WSDL says all come from here.
 */

export interface SimpleType<K extends SimpleKind = SimpleKind> {
  readonly kind: K
  /** a request without it is refused; the WSDL calls it optional all the same, as the originals do */
  readonly required?: true
}

export type SimpleKind = 'string' | 'anyType' | 'int' | 'long' | 'boolean' | 'dateTime' | 'date' | 'base64Binary'

export interface ComplexType<F extends Fields = Fields> {
  readonly kind: 'complex'
  readonly namespace: string
  readonly name: string
  /** what it extends: its fields come first, in its namespace */
  readonly base?: ComplexType
  /** in their order; a function where a type holds itself */
  readonly fields: F | (() => F)
  /** `all` takes its fields in any order; sequences are read in any order as well, and written in theirs */
  readonly group?: 'sequence' | 'all'
}

export interface ListType<T extends ItemType = ItemType> {
  readonly kind: 'list'
  readonly of: T
}

export type ItemType = SimpleType | ComplexType
export type Type = ItemType | ListType
export type Fields = Readonly<Record<string, Type>>

interface Values {
  readonly string: string
  readonly anyType: string
  readonly int: number
  /** milliseconds and the like: beyond 2^53 none of ours goes */
  readonly long: number
  readonly boolean: boolean
  /** milliseconds since the epoch */
  readonly dateTime: number
  readonly date: number
  /** of requests alone */
  readonly base64Binary: Uint8Array
}

/** The value of a type; undefined where it was left out or nil. */
export type ValueOf<T> =
  T extends ListType<infer I>
    ? readonly NonNullable<ValueOf<I>>[]
    : T extends ComplexType<infer F>
      ? ValuesOf<F> | undefined
      : T extends SimpleType<infer K>
        ? T extends { readonly required: true }
          ? Values[K]
          : Values[K] | undefined
        : never

export type ValuesOf<F extends Fields> = { readonly [N in keyof F]: ValueOf<F[N]> }

/** What has to be there to be written: of a complex type, the fields that have a value. */
export type WritableOf<T> =
  T extends ListType<infer I>
    ? readonly NonNullable<WritableOf<I>>[]
    : T extends ComplexType<infer F>
      ? { readonly [N in keyof F]?: WritableOf<F[N]> } | undefined
      : T extends SimpleType<infer K>
        ? Values[K] | undefined
        : never

export const string = { kind: 'string' } as const
/** text that has to be there; it may be empty */
export const text = { kind: 'string', required: true } as const
/** anything in the WSDL, text here */
export const anyType = { kind: 'anyType' } as const
export const int = { kind: 'int' } as const
export const long = { kind: 'long' } as const
export const boolean = { kind: 'boolean' } as const
export const dateTime = { kind: 'dateTime' } as const
export const date = { kind: 'date' } as const
export const base64Binary = { kind: 'base64Binary' } as const

export function list<const T extends ItemType>(of: T): ListType<T> {
  return { kind: 'list', of }
}

export function complex<const F extends Fields>(
  namespace: string,
  name: string,
  fields: F | (() => F),
  more: { readonly base?: ComplexType; readonly group?: 'all' } = {},
): ComplexType<F> {
  return { kind: 'complex', namespace, name, fields, ...more }
}

/** The fields with the namespace that each is in, those of the base first. */
export function allFields({ namespace, fields, base }: ComplexType): (readonly [string, string, Type])[] {
  const own = Object.entries(fieldsOf(fields)).map(([name, type]) => [namespace, name, type] as const)
  return [...(base === undefined ? [] : allFields(base)), ...own]
}

export function fieldsOf(fields: ComplexType['fields']): Fields {
  return typeof fields === 'function' ? fields() : fields
}
