import { z } from 'zod'
import { bindingsOptions } from '../bindings/options.ts'
import { tenantNames } from './asserted-tenant.ts'

export const allowListOptions = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether only the listed certificates may be used.'),
    thumbprints: z
      .array(z.string().min(1).max(200))
      .max(1_000_000)
      .default([])
      .describe(
        'SHA-256 thumbprints in hex, colons or not, in any case. An empty list that is enabled lets nobody in.',
      ),
    file: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        'A file of further ones for long lists, up to 16,000,000: one a line, `#` begins a comment. A changed file is taken over within moments.',
      ),
    insecureSha1Thumbprints: z
      .array(z.string().min(1).max(200))
      .max(10_000)
      .default([])
      .describe('SHA-1 thumbprints, as white lists of WSO2 products have them. Replace them by SHA-256 ones.'),
  })
  .prefault({})
  .describe('Restricts which certificates may be used at all, before their bindings are looked at.')

export type AllowListOptions = z.output<typeof allowListOptions>

/** Headers that mean something else already, to HTTP or to a proxy. */
const taken =
  /^(?:authorization|proxy-|cookie$|host$|connection$|content-|transfer-encoding$|te$|upgrade$|forwarded$|x-forwarded-|client-cert)/

export const mutualTlsOptions = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether client certificates are taken as proof of who the client is.'),
    priority: z
      .int()
      .min(0)
      .max(1000)
      .default(5)
      .describe('Place among the authenticators; lower numbers are asked first.'),
    usernameHeader: z
      .strictObject({
        name: z
          .string()
          .regex(/^[!#$%&'*+.^`|~0-9A-Za-z-]{1,64}$/, 'must be the name of an HTTP header, without an underscore')
          .refine(name => !taken.test(name.toLowerCase()), 'is a header that means something else already')
          .default('UserName')
          .describe('The request header in which a client names the user it acts as.'),
        encoding: z
          .enum(['base64', 'plain'])
          .default('base64')
          .describe('base64: canonical base64 of UTF-8, as WSO2 clients send it. plain: UTF-8 as it is.'),
      })
      .prefault({})
      .describe('The header selects among the users that the bindings of the certificate allow; it never adds one.'),
    tenants: z
      .enum(tenantNames)
      .default('none')
      .describe(
        'How a name that a request gives tells the tenant. none: it does not; an @ is a letter. suffix: after the last @; carbon.super or no @ is the tenant default. suffix-email: the same, but a name with one @ is an address in the tenant default (WSO2: EnableEmailUserName). A user of another tenant than that of the bindings is refused.',
      ),
    allowList: allowListOptions,
    insecureAllowPublishedKeys: z
      .boolean()
      .default(false)
      .describe(
        "Lets certificates in whose private key anybody can download: the default keys of WSO2's products. Only for trying one out.",
      ),
    bindings: bindingsOptions,
  })
  .prefault({})
  .describe('Lets a client in by its certificate.')

export type MutualTlsOptions = z.output<typeof mutualTlsOptions>
