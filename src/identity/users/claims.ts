/*
 * What is known of a user, by the claim URIs of the local dialect of WSO2's products, and by the names that SCIM has for it. SOAP and SCIM
 * both read this table, so that they show the same user.
 */

export interface Claim {
  readonly uri: string
  readonly displayName: string
  /** where it is kept: an attribute of the user, or one of the fields that every user has */
  readonly from: 'attribute' | 'id' | 'name' | 'roles' | 'state' | 'created' | 'modified'
  /**
   * Name of the attribute in SCIM: `nickName`, `name.givenName`, or with its schema where that is not the core schema. The values of one
   * attribute with many values may stand under several claims. Undefined: SCIM has nothing for it
   */
  readonly scim?: string | undefined
  /** `type` of such values: the numbers of this claim are `phoneNumbers` of the type `mobile` */
  readonly type?: string | undefined
}

export const localDialect = 'http://wso2.org/claims'

export const enterpriseUserSchema = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const attribute = (name: string, displayName: string, scim?: string, type?: string): Claim => ({
  uri: `${localDialect}/${name}`,
  displayName,
  from: 'attribute',
  scim,
  type,
})

const field = (name: string, displayName: string, from: Claim['from'], scim?: string): Claim => ({
  uri: `${localDialect}/${name}`,
  displayName,
  from,
  scim,
})

/** In the order in which they are shown. The first claim of several for one attribute takes what belongs to none of the others. */
export const claims: readonly Claim[] = [
  field('username', 'Username', 'name', 'userName'),
  field('userid', 'User ID', 'id', 'id'),
  field('role', 'Role', 'roles', 'groups'),
  field('active', 'Active', 'state', 'active'),
  field('created', 'Created Time', 'created', 'meta.created'),
  field('modified', 'Last Modified Time', 'modified', 'meta.lastModified'),
  attribute('externalid', 'External User ID', 'externalId'),
  attribute('givenname', 'First Name', 'name.givenName'),
  attribute('lastname', 'Last Name', 'name.familyName'),
  attribute('middleName', 'Middle Name', 'name.middleName'),
  attribute('formattedName', 'Name - Formatted Name', 'name.formatted'),
  attribute('honorificPrefix', 'Name - Honorific Prefix', 'name.honorificPrefix'),
  attribute('honorificSuffix', 'Name - Honorific Suffix', 'name.honorificSuffix'),
  attribute('fullname', 'Full Name'),
  attribute('displayName', 'Display Name', 'displayName'),
  attribute('nickname', 'Nick Name', 'nickName'),
  attribute('emailaddress', 'Email', 'emails'),
  attribute('emails.work', 'Emails - Work Email', 'emails', 'work'),
  attribute('emails.home', 'Emails - Home Email', 'emails', 'home'),
  attribute('emails.other', 'Emails - Other Email', 'emails', 'other'),
  attribute('telephone', 'Telephone', 'phoneNumbers'),
  attribute('mobile', 'Mobile', 'phoneNumbers', 'mobile'),
  attribute('phoneNumbers.home', 'Phone Numbers - Home Phone Number', 'phoneNumbers', 'home'),
  attribute('phoneNumbers.work', 'Phone Numbers - Work Phone Number', 'phoneNumbers', 'work'),
  attribute('phoneNumbers.fax', 'Phone Numbers - Fax Number', 'phoneNumbers', 'fax'),
  attribute('phoneNumbers.pager', 'Phone Numbers - Pager Number', 'phoneNumbers', 'pager'),
  attribute('phoneNumbers.other', 'Phone Numbers - Other', 'phoneNumbers', 'other'),
  attribute('im', 'IM', 'ims'),
  attribute('gtalk', 'IM - Gtalk', 'ims', 'gtalk'),
  attribute('skype', 'IM - Skype', 'ims', 'skype'),
  attribute('photos', 'Photos', 'photos'),
  attribute('photourl', 'Photo URL', 'photos', 'photo'),
  attribute('thumbnail', 'Photo - Thumbnail', 'photos', 'thumbnail'),
  attribute('addresses', 'Address', 'addresses'),
  attribute('addresses.formatted', 'Address - Formatted', 'addresses.formatted'),
  attribute('streetaddress', 'Address - Street', 'addresses.streetAddress'),
  attribute('locality', 'Locality', 'addresses.locality'),
  attribute('region', 'Region', 'addresses.region'),
  attribute('postalcode', 'Postal Code', 'addresses.postalCode'),
  attribute('country', 'Country', 'addresses.country'),
  attribute('stateorprovince', 'State', undefined),
  attribute('url', 'URL', 'profileUrl'),
  attribute('title', 'Title', 'title'),
  attribute('userType', 'User Type', 'userType'),
  attribute('preferredLanguage', 'Preferred Language', 'preferredLanguage'),
  attribute('local', 'Local', 'locale'),
  attribute('timeZone', 'Time Zone', 'timezone'),
  attribute('entitlements', 'Entitlements', 'entitlements'),
  attribute('employeeNumber', 'Employee Number', `${enterpriseUserSchema}:employeeNumber`),
  attribute('costCenter', 'Cost Center', `${enterpriseUserSchema}:costCenter`),
  attribute('organization', 'Organization', `${enterpriseUserSchema}:organization`),
  attribute('division', 'Division', `${enterpriseUserSchema}:division`),
  attribute('department', 'Department', `${enterpriseUserSchema}:department`),
  attribute('manager', 'Manager', `${enterpriseUserSchema}:manager`),
  attribute('gender', 'Gender'),
  attribute('dob', 'Birth Date'),
]
