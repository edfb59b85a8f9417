import { z } from 'zod'
import { isCoded } from '../../errors.ts'
import { compilePathPattern } from './path-pattern.ts'

const permission = z
  .string()
  .regex(
    /^\/permission(?:\/[A-Za-z0-9 _.@-]{1,100}){0,20}$/,
    'the path of a permission, such as /permission/admin/login',
  )

/** One entry of a table that says who may do what with which path. */
export const accessRuleOptions = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(400)
      .superRefine((path, context) => {
        try {
          compilePathPattern(path)
        } catch (error) {
          if (!isCoded(error)) throw error
          context.addIssue({ code: 'custom', message: error.message })
        }
      })
      .describe(
        'Regular expression for the whole path, decoded and without the query: `(.*)/scim2/Users/(.*)`. No ^ and $, no back references, no look-around.',
      ),
    methods: z
      .array(z.string().regex(/^[A-Za-z]{1,20}$/, 'the name of an HTTP method'))
      .min(1)
      .max(20)
      .optional()
      .describe('HTTP methods, in upper or lower case. GET is HEAD as well. Default: all.'),
    caller: z
      .enum(['identified', 'anyone'])
      .default('identified')
      .describe(
        'identified: a user, whom one of the authenticators accepted. anyone: nobody is asked who they are; that opens documents about the server, never users or groups.',
      ),
    permissions: z
      .array(permission)
      .max(20)
      .default([])
      .describe(
        'Permissions (for the action ui.execute) that the user has to hold, all of them. Empty: every identified user may.',
      ),
    crossTenant: z
      .enum(['refuse', 'default-tenant-admin'])
      .default('refuse')
      .describe(
        'Whether a user may come to the paths of another tenant: nobody, or whoever has the role admin in the tenant `default`.',
      ),
  })
  .refine(({ caller, permissions }) => caller === 'identified' || permissions.length === 0, {
    error: 'whoever is not asked who they are cannot hold permissions',
    path: ['permissions'],
  })

/** In order: the first that matches path and method decides, and what none matches is refused. */
export const accessRulesOptions = z.array(accessRuleOptions).max(500)

export type AccessRuleOptions = z.output<typeof accessRuleOptions>
