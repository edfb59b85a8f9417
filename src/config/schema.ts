import { z } from 'zod'
import { assertionOptions, gatewayRouteFields } from '../endpoints/gateway/options.ts'
import { scimOptions } from '../endpoints/scim/options.ts'
import { soapOptions } from '../endpoints/soap/options.ts'
import { routeAccessFields } from '../identity/access/options.ts'
import { basicOptions } from '../identity/authn/basic-options.ts'
import { mutualTlsOptions } from '../identity/authn/options.ts'
import { revocationOptions } from '../identity/revocation/options.ts'
import type { InsecureAlgorithm } from '../pki/path/weak-algorithms.ts'
import { proxiesOptions } from '../server/proxies/options.ts'
import { listenerFields } from '../server/tls/options.ts'
import { workersOption } from '../start/options.ts'
import { auditOptions } from '../telemetry/audit/options.ts'
import { logOptions } from '../telemetry/events/options.ts'
import { managementOptions } from '../telemetry/metrics/options.ts'
import { reloadOptions } from './reload-options.ts'
import { clientTrustStoreOptions, keyStoreOptions, trustStoreOptions } from './stores.ts'
import { ticketsSection } from './tickets-section.ts'
import { usersSection } from './users-section.ts'

const listener = z.strictObject({
  ...listenerFields,
  keyStore: keyStoreOptions
    .optional()
    .describe(
      'The key and certificate by which the server proves itself. Only the library can do without, on a server whose TLS is its own.',
    ),
  trustStore: z
    .array(clientTrustStoreOptions)
    .max(100)
    .default([])
    .describe('Whom the listener trusts. Public authorities are trusted only when a store here holds them.'),
  maxPathDepth: z
    .int()
    .min(0)
    .max(20)
    .default(8)
    .describe('Intermediate certificates that may stand between a client and its trust anchor.'),
  insecureAlgorithms: z
    .array(z.enum(['md5', 'sha-1', 'rsa-1024', 'explicit-curve'] satisfies InsecureAlgorithm[]))
    .default([])
    .describe(
      'Weak algorithms that are accepted in client certificates all the same. Each is named in a warning at start.',
    ),
})

const route = z.strictObject({
  ...gatewayRouteFields,
  ...routeAccessFields,
  trustStore: z.array(trustStoreOptions).max(100).default([]).describe('Who may vouch for an https upstream.'),
})

/** All of `countersign.yaml`. */
export const configurationSchema = z.strictObject({
  listeners: z.array(listener).min(1).max(100).describe('Where clients connect.'),
  workers: workersOption,
  proxies: proxiesOptions,
  tickets: ticketsSection,
  management: managementOptions.prefault({}),
  revocation: revocationOptions,
  authenticators: z
    .strictObject({ 'mutual-tls': mutualTlsOptions, basic: basicOptions })
    .prefault({})
    .describe('The ways to prove who one is, in the order of their priority.'),
  users: usersSection,
  routes: z.array(route).max(10_000).default([]).describe('The protected resources.'),
  soap: soapOptions,
  scim: scimOptions,
  assertion: assertionOptions.prefault({}).describe('How upstreams are told who the user is, signed.'),
  reload: reloadOptions.prefault({}),
  audit: auditOptions.prefault({}),
  log: logOptions.prefault({}),
})

/** As it is written, before the defaults are filled in. */
export type UnreadConfiguration = z.input<typeof configurationSchema>
export type Configuration = z.output<typeof configurationSchema>
export type ListenerConfiguration = Configuration['listeners'][number]
export type RouteConfiguration = Configuration['routes'][number]
