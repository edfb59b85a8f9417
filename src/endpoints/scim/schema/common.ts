import { type Attribute, complex, reference, text } from './attribute.ts'

const readOnly = { mutability: 'readOnly', caseExact: true } as const

const dateTime = (name: string, description: string): Attribute => ({
  ...text(name, description, readOnly),
  type: 'dateTime',
})

/** What every resource has, whatever its schema (RFC 7643 section 3.1). Not part of a schema document. */
export const commonAttributes: readonly Attribute[] = [
  text('id', 'Identifier that this server gave the resource, and gives nobody else.', {
    ...readOnly,
    returned: 'always',
    uniqueness: 'server',
  }),
  complex(
    'meta',
    'About the resource.',
    [
      text('resourceType', 'Name of the type.', readOnly),
      dateTime('created', 'When it was made.'),
      dateTime('lastModified', 'When it was changed last.'),
      reference('location', 'Its address.', ['uri'], readOnly),
      text('version', 'The entity tag.', readOnly),
    ],
    readOnly,
  ),
]

/** In users alone: groups keep nothing but names and members. */
export const externalId = text('externalId', 'Identifier that the client gave the resource.', { caseExact: true })
