import { z } from 'zod'
import { accessRulesOptions } from '../../identity/access/rule-options.ts'

const limits = z.strictObject({
  pageSize: z.int().min(1).max(1000).default(100).describe('Resources on a page when the client asks for no number.'),
  maxPageSize: z
    .int()
    .min(1)
    .max(1000)
    .default(1000)
    .describe('Resources on a page at most; a client that asks for more gets so many.'),
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(16_777_216)
    .default(1_048_576)
    .describe('Bytes of one request, bulk requests aside.'),
  maxBulkOperations: z.int().min(1).max(10_000).default(1000).describe('Operations of one bulk request.'),
  maxBulkBytes: z.int().min(1024).max(67_108_864).default(1_048_576).describe('Bytes of one bulk request.'),
  maxPatchOperations: z.int().min(1).max(10_000).default(1000).describe('Operations of one PATCH.'),
  maxMembers: z.int().min(1).max(1_000_000).default(100_000).describe('Members that one request may give to a group.'),
  maxConcurrent: z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe('Requests that are worked on at a time; further ones are answered 429.'),
})

export const scimOptions = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether `/scim2/*` and `/t/TENANT/scim2/*` answer (RFC 7643, 7644).'),
    listeners: z
      .array(z.string().min(1).max(64))
      .min(1)
      .optional()
      .describe('Names of the listeners on which SCIM answers. Default: all.'),
    require: z
      .array(z.string().min(1).max(64))
      .min(1)
      .max(32)
      .optional()
      .describe('Names of the authenticators that count for SCIM. Default: all that are enabled.'),
    origins: z
      .array(z.url({ protocol: /^https?$/ }).transform(url => new URL(url).origin))
      .default([])
      .describe('Origins besides our own whose pages may change something.'),
    baseUrl: z
      .url({ protocol: /^https$/ })
      .transform(url => new URL(url).origin)
      .optional()
      .describe(
        'Scheme, host and port of the addresses in answers (`https://id.example.org`). Default: what the client asked for.',
      ),
    access: accessRulesOptions
      .optional()
      .describe(
        'Who may do what, in order: the first rule for path and method decides; where there is none, nobody may. Default: the rules of WSO2 Identity Server 5.6.0.',
      ),
    limits: limits.prefault({}).describe('What one request may cost.'),
  })
  .prefault({})
  .describe('SCIM 2.0: users and groups (which are the roles) of this server as resources.')

export type ScimOptions = z.output<typeof scimOptions>
