import { z } from 'zod'
import { defaultTenant } from '../users/user.ts'
import { tenantNames } from './asserted-tenant.ts'

export const basicOptions = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether a user name and password are taken (HTTP Basic, RFC 7617).'),
    priority: z
      .int()
      .min(0)
      .max(1000)
      .default(10)
      .describe('Place among the authenticators; lower numbers are asked first.'),
    realm: z
      .string()
      .regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'must be printable ASCII without quotation mark and backslash')
      .default('Countersign')
      .describe('What browsers show when they ask for the password.'),
    tenant: z.string().min(1).max(63).default(defaultTenant).describe('The tenant whose users sign in this way.'),
    tenants: z
      .enum(tenantNames)
      .default('none')
      .describe(
        'How a user name tells the tenant, as for mutual-tls. With suffix and suffix-email it does, and `tenant` is of no effect.',
      ),
  })
  .prefault({})
  .describe('Lets a client in by user name and password.')

export type BasicOptions = z.output<typeof basicOptions>
