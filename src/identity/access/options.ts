import { z } from 'zod'

const name = z.string().min(1).max(255)

/** Who may use a route. Goes into the options of the route. */
export const routeAccessFields = {
  require: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(32)
    .optional()
    .describe(
      'Names of the authenticators that count on this route (mutual-tls, basic, …). Default: all that are enabled.',
    ),
  allow: z
    .strictObject({
      roles: z.array(name).min(1).max(1000).optional().describe('Whoever has one of these roles may.'),
      users: z.array(name).min(1).max(10_000).optional().describe('These users may, whatever their roles.'),
      tenants: z
        .array(name)
        .min(1)
        .max(1000)
        .default(['default'])
        .describe('Tenants whose users and roles are meant: the same name in another tenant is somebody else.'),
    })
    .refine(allow => allow.roles !== undefined || allow.users !== undefined, { error: 'name roles or users' })
    .optional()
    .describe('Which users may use this route. Default: everyone who was identified.'),
}

const routeAccess = z.strictObject(routeAccessFields)

export type RouteAccessOptions = z.output<typeof routeAccess>
