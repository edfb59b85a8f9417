import { z } from 'zod'

/** How a proxy says which request it asks about. */
export const forwardAuthForms = ['nginx', 'haproxy', 'traefik', 'caddy', 'envoy-http', 'envoy-grpc'] as const

export type ForwardAuthForm = (typeof forwardAuthForms)[number]

export const forwardAuthOptions = z.strictObject({
  form: z
    .enum(forwardAuthForms)
    .describe(
      'How it says what it asks about. nginx, haproxy: `X-Original-Method`, `X-Original-URI`, `X-Original-Host`. traefik, caddy: `X-Forwarded-Method`, `X-Forwarded-Uri`, `X-Forwarded-Host`. envoy-http: the request’s own method, and its path behind `/auth/check`. envoy-grpc: `envoy.service.auth.v3.Authorization`, which tells the certificate and the address of the client as well. Every other spelling is ignored.',
    ),
  cacheSeconds: z
    .int()
    .min(0)
    .max(1)
    .default(0)
    .describe('Seconds for which the proxy may keep a yes. 0: it asks about each request.'),
  insecureCacheSeconds: z
    .int()
    .min(2)
    .max(30)
    .optional()
    .describe('The same for longer than a second: for so long somebody who was locked out still gets in.'),
})

export type ForwardAuthOptions = z.output<typeof forwardAuthOptions>
