import { enterpriseUserSchema } from '../../../identity/users/claims.ts'
import { complex, type ResourceType, reference, type Schema, several, text, truth } from './attribute.ts'

const nameParts = [
  text('formatted', 'The whole name, for showing it.'),
  text('familyName', 'The family name.'),
  text('givenName', 'The given name.'),
  text('middleName', 'The middle names.'),
  text('honorificPrefix', 'Titles before the name.'),
  text('honorificSuffix', 'Titles after the name.'),
]

const addressParts = [
  text('formatted', 'The whole address, for showing it; lines are separated by line feeds.'),
  text('streetAddress', 'Street and number.'),
  text('locality', 'City.'),
  text('region', 'State or region.'),
  text('postalCode', 'Postal code.'),
  text('country', 'Country, as ISO 3166-1 alpha-2.'),
  text('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
  truth('primary', 'Whether this is the preferred address; at most one is.'),
]

const readOnly = { mutability: 'readOnly' } as const

const groupParts = [
  text('value', 'Identifier of the group.', { ...readOnly, caseExact: true }),
  reference('$ref', 'Address of the group.', ['Group'], readOnly),
  text('display', 'Name of the group.', readOnly),
  text('type', 'direct: groups have no groups in them.', { ...readOnly, canonicalValues: ['direct'] }),
]

/** RFC 7643 section 4.1 */
export const userSchema: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  description: 'A user.',
  attributes: [
    text('userName', 'Name by which the user signs in.', { required: true, uniqueness: 'server' }),
    complex('name', 'The parts of the user’s real name.', nameParts),
    text('displayName', 'The name for showing it.'),
    text('nickName', 'What the user is called by friends.'),
    reference('profileUrl', 'A page about the user.', ['external']),
    text('title', 'Position, such as Vice President.'),
    text('userType', 'Relation to the organization, such as Employee.'),
    text('preferredLanguage', 'Languages, as in Accept-Language.'),
    text('locale', 'Locale, such as en-US.'),
    text('timezone', 'Time zone, such as Europe/Berlin.'),
    truth('active', 'Whether the user may sign in. false locks the account.'),
    text('password', 'Sets the password. It is never told.', {
      mutability: 'writeOnly',
      returned: 'never',
      caseExact: true,
    }),
    several('emails', 'Email addresses.', ['work', 'home', 'other']),
    several('phoneNumbers', 'Phone numbers.', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
    several('ims', 'Addresses for instant messages.', ['gtalk', 'skype', 'xmpp']),
    several(
      'photos',
      'Addresses of pictures.',
      ['photo', 'thumbnail'],
      reference('value', 'The address.', ['external']),
    ),
    complex('addresses', 'Postal addresses.', addressParts, { multiValued: true }),
    complex('groups', 'The groups that the user is in. They are changed there.', groupParts, {
      ...readOnly,
      multiValued: true,
    }),
    several('entitlements', 'Things that the user is entitled to. They open nothing on this server.', []),
  ],
}

/** RFC 7643 section 4.3 */
export const enterpriseUser: Schema = {
  id: enterpriseUserSchema,
  name: 'EnterpriseUser',
  description: 'What an organization knows of its users.',
  attributes: [
    text('employeeNumber', 'Number of the employee.'),
    text('costCenter', 'Cost center.'),
    text('organization', 'Organization.'),
    text('division', 'Division.'),
    text('department', 'Department.'),
    complex('manager', 'The user’s manager.', [
      text('value', 'Identifier of the manager’s user.', { caseExact: true }),
      reference('$ref', 'Address of the manager’s user.', ['User'], readOnly),
    ]),
  ],
}

export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'The users of the tenant.',
  schema: userSchema,
  extensions: [enterpriseUser],
}
