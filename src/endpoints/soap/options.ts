import { z } from 'zod'

/** By the names that WSO2's products give them, which are part of their addresses. */
export const soapServiceNames = [
  'RemoteUserStoreManagerService',
  'RemoteAuthorizationManagerService',
  'UserAdmin',
  'AuthenticationAdmin',
  'LoggedUserInfoAdmin',
  'TenantMgtAdminService',
  'ServerAdmin',
] as const

export type SoapServiceName = (typeof soapServiceNames)[number]

const limits = z.strictObject({
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(67_108_864)
    .default(1_048_576)
    .describe('Bytes of one request; more is refused before it is read as XML.'),
  maxDepth: z.int().min(8).max(256).default(32).describe('How deep the elements of a request may stand in each other.'),
  maxElements: z.int().min(16).max(1_000_000).default(20_000).describe('Elements of one request.'),
  maxAttributes: z.int().min(4).max(1000).default(64).describe('Attributes of one element.'),
  maxListedUsers: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Names of users that one operation answers at most (WSO2: `MaxUserNameListLength`).'),
  maxListedRoles: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Names of roles that one operation answers at most (WSO2: `MaxRoleNameListLength`).'),
})

export const soapOptions = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether `/services/*` and `/t/TENANT/services/*` answer. A Carbon home switches them on.'),
    services: z
      .array(z.enum(soapServiceNames))
      .default([...soapServiceNames])
      .describe('The services that answer. Default: all.'),
    wsdl: z
      .enum(['hidden', 'shown'])
      .default('hidden')
      .describe('Whether `?wsdl` answers, for everyone who can connect (WSO2: `HideAdminServiceWSDLs`).'),
    listeners: z
      .array(z.string().min(1).max(64))
      .min(1)
      .optional()
      .describe('Names of the listeners on which the services answer. Default: all.'),
    require: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(32)
      .optional()
      .describe('Names of the authenticators that count for the services. Default: all that are enabled.'),
    origins: z
      .array(z.url({ protocol: /^https?$/ }).transform(url => new URL(url).origin))
      .default([])
      .describe('Origins besides our own whose pages may call operations that change something.'),
    serverVersion: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('What `ServerAdmin.getServerVersion` answers. Default: the version of this server.'),
    limits: limits.prefault({}).describe('What one request may cost.'),
  })
  .prefault({})
  .describe('The SOAP services of WSO2’s products on the users of this server.')

export type SoapOptions = z.output<typeof soapOptions>
