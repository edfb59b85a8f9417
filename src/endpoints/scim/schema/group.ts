import { complex, type ResourceType, reference, type Schema, text } from './attribute.ts'

const immutable = { mutability: 'immutable' } as const

const memberParts = [
  text('value', 'Identifier of the user.', { ...immutable, caseExact: true }),
  reference('$ref', 'Address of the user.', ['User'], { mutability: 'readOnly' }),
  text('display', 'Name of the user.', { mutability: 'readOnly' }),
  text('type', 'Members are users.', { ...immutable, canonicalValues: ['User'] }),
]

/** RFC 7643 section 4.2 */
export const groupSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  description: 'A group of users: a role.',
  attributes: [
    text('displayName', 'Name of the role.', { required: true, uniqueness: 'server' }),
    complex('members', 'The users who have the role.', memberParts, { multiValued: true }),
  ],
}

export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'The roles of the tenant.',
  schema: groupSchema,
  extensions: [],
}
