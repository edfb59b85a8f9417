/** What the standard says of an attribute (RFC 7643 sections 2.2 and 7), under its names. */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex'
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'
  readonly returned: 'always' | 'never' | 'default'
  readonly uniqueness: 'none' | 'server'
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly Attribute[]
}

export interface Schema {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}

export interface ResourceType {
  readonly name: 'User' | 'Group'
  readonly endpoint: '/Users' | '/Groups'
  readonly description: string
  readonly schema: Schema
  readonly extensions: readonly Schema[]
}

const plain = {
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
} as const

type Characteristics = Partial<Omit<Attribute, 'name' | 'type' | 'description'>>

export function text(name: string, description: string, characteristics: Characteristics = {}): Attribute {
  return { name, type: 'string', description, ...plain, ...characteristics }
}

export function truth(name: string, description: string, characteristics: Characteristics = {}): Attribute {
  return { name, type: 'boolean', description, ...plain, ...characteristics }
}

export function reference(
  name: string,
  description: string,
  referenceTypes: readonly string[],
  characteristics: Characteristics = {},
): Attribute {
  return { name, type: 'reference', description, ...plain, caseExact: true, referenceTypes, ...characteristics }
}

export function complex(
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  characteristics: Characteristics = {},
): Attribute {
  return { name, type: 'complex', description, ...plain, subAttributes, ...characteristics }
}

/** RFC 7643 section 2.4: several values, each with a type, and one of them the primary one. */
export function several(
  name: string,
  description: string,
  canonicalValues: readonly string[],
  value: Attribute = text('value', 'The value itself.'),
): Attribute {
  const parts = [
    value,
    text('display', 'The value for people.'),
    text('type', 'What the value is for.', { canonicalValues }),
    truth('primary', 'Whether this is the preferred value; at most one is.'),
  ]
  return complex(name, description, parts, { multiValued: true })
}
