import type { Reply } from './context.ts'
import type { ScimOptions } from './options.ts'
import type { Attribute, ResourceType, Schema } from './schema/attribute.ts'
import { groupType } from './schema/group.ts'
import { userType } from './schema/user.ts'
import { notFound, ScimFault } from './scim-fault.ts'

export interface DiscoverySource {
  readonly limits: ScimOptions['limits']
  /** names of the authenticators that count here */
  readonly authenticators: readonly string[]
}

const types = [userType, groupType]
const schemas = types.flatMap(({ schema, extensions }) => [schema, ...extensions])

/**
 * The documents about this server (RFC 7644 section 4), by their path behind `/scim2`. There is nothing to search in them, and no user in
 * them. Throws ScimFault.
 */
export function discover(
  path: string,
  query: ReadonlyMap<string, string>,
  base: string,
  source: DiscoverySource,
): Reply {
  if (query.has('filter'))
    throw new ScimFault({ code: 'forbidden', ok: false, detail: 'These documents are not searched.' })
  const [, name, ...rest] = path.split('/')
  const id = rest.join('/')
  if (name === 'ServiceProviderConfig' && rest.length === 0)
    return { status: 200, body: serviceProviderConfig(base, source) }
  if (name === 'ResourceTypes')
    return oneOrAll(
      types.map(type => resourceTypeDocument(type, base)),
      id,
    )
  if (name === 'Schemas')
    return oneOrAll(
      schemas.map(schema => schemaDocument(schema, base)),
      id,
    )
  throw notFound('There is no such document.')
}

/** Names of the documents. */
export function isDiscovery(name: string | undefined): boolean {
  return name === 'ServiceProviderConfig' || name === 'ResourceTypes' || name === 'Schemas'
}

function oneOrAll(documents: readonly { readonly id: string }[], id: string): Reply {
  if (id !== '') {
    const body = documents.find(document => document.id === id)
    if (body === undefined) throw notFound('There is no such document.')
    return { status: 200, body }
  }
  return {
    status: 200,
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: documents.length,
      startIndex: 1,
      itemsPerPage: documents.length,
      Resources: documents,
    },
  }
}

/** RFC 7643 section 5 */
function serviceProviderConfig(base: string, { limits, authenticators }: DiscoverySource): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: {
      supported: true,
      maxOperations: limits.maxBulkOperations,
      maxPayloadSize: limits.maxBulkBytes,
    },
    filter: { supported: true, maxResults: limits.maxPageSize },
    changePassword: { supported: true },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: authenticators.flatMap(name => schemes.get(name) ?? []),
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

const schemes: ReadonlyMap<string, object> = new Map([
  [
    'mutual-tls',
    {
      type: 'mutualtls',
      name: 'Mutual TLS',
      description: 'A client certificate, proven in the TLS handshake.',
      specUri: 'https://www.rfc-editor.org/info/rfc8446',
      primary: true,
    },
  ],
  [
    'basic',
    {
      type: 'httpbasic',
      name: 'HTTP Basic',
      description: 'User name and password.',
      specUri: 'https://www.rfc-editor.org/info/rfc7617',
    },
  ],
])

/** RFC 7643 section 6 */
function resourceTypeDocument({ name, endpoint, description, schema, extensions }: ResourceType, base: string) {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint,
    description,
    schema: schema.id,
    schemaExtensions: extensions.map(({ id }) => ({ schema: id, required: false })),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }
}

/** RFC 7643 section 7 */
function schemaDocument({ id, name, description, attributes }: Schema, base: string) {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    description,
    attributes: attributes.map(attributeDocument),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  }
}

function attributeDocument({ subAttributes, ...attribute }: Attribute): object {
  return {
    ...attribute,
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(attributeDocument) }),
  }
}
