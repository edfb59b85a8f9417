import { z } from 'zod'
import { ownNames } from './protected-names.ts'

const milliseconds = (most: number) => z.int().min(1).max(most)

const fieldName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header: letters, digits and hyphens')
  .transform(name => name.toLowerCase())

/** What routes.ts serves itself. `/*` may stand beside them: they are found first. */
const builtIn =
  /^\/(?:whoami|problems|auth\/check|envoy\.service\.auth\.v3\.Authorization|\.well-known\/jwks\.json)(?:\/|$)/

const upstreamTimeouts = z.strictObject({
  connect: milliseconds(600_000)
    .default(5_000)
    .describe('Milliseconds in which a connection to the upstream has to be made, or a free one to be found.'),
  headers: milliseconds(86_400_000)
    .default(60_000)
    .describe('Milliseconds from the end of the request to the header of the answer.'),
  idle: milliseconds(86_400_000)
    .default(60_000)
    .describe('Milliseconds without a byte of a body, from the client or from the upstream.'),
  websocketIdle: milliseconds(604_800_000)
    .default(3_600_000)
    .describe('Milliseconds that a WebSocket may be silent in both directions.'),
})

/** How one route passes requests on; who may use it stands in identity/access. */
export const gatewayRouteFields = {
  path: z
    .string()
    .regex(
      /^\/(?:[^*?#%\\;\s]*[^*?#%\\;\s/])?(?:\/\*)?$|^\/\*$/,
      'a path such as /orders, or /orders/* for all below it',
    )
    .refine(path => !builtIn.test(path), { message: 'is an address of this server’s own' })
    .describe(
      '`/orders` is that path alone; `/orders/*` is it and everything below. An exact path wins, then the longest.',
    ),
  upstream: z
    .url({ protocol: /^https?$/ })
    .refine(url => URL.parse(url)?.search === '' && URL.parse(url)?.hash === '' && URL.parse(url)?.username === '', {
      message: 'an http or https URL without user, query and fragment',
    })
    .optional()
    .describe(
      'URL of the resource. A path in it is put in front of the path of each request. Left out: requests do not pass through here, a proxy asks about them (`proxies[].forwardAuth`).',
    ),
  audience: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('`aud` of the assertion. Default: the origin of `upstream`; with neither, none is sent.'),
  prefix: z
    .enum(['keep', 'strip'])
    .default('keep')
    .describe('`strip` takes the part of `path` before `/*` off the path that the upstream sees.'),
  host: z
    .enum(['upstream', 'client'])
    .default('upstream')
    .describe(
      'Which Host the upstream sees: its own, or what the client asked for. X-Forwarded-Host has the client’s.',
    ),
  authorization: z
    .enum(['drop', 'forward'])
    .default('drop')
    .describe(
      'The Authorization header of the client. `forward` hands the upstream whatever credential the client sent us.',
    ),
  clientCertificate: z
    .enum(['send', 'send-chain', 'omit'])
    .default('send')
    .describe('`Client-Cert` (RFC 9440): the certificate that proved the user; `send-chain` adds `Client-Cert-Chain`.'),
  assertion: z
    .enum(['send', 'omit'])
    .default('send')
    .describe(
      '`Countersign-Assertion`: who the user is, as a JWT that the upstream can verify by /.well-known/jwks.json.',
    ),
  websocket: z.enum(['refuse', 'allow']).default('refuse').describe('WebSocket over HTTP/1.1.'),
  crossOrigin: z
    .enum(['refuse', 'insecure-allow'])
    .default('refuse')
    .describe(
      'Requests that a browser sends on behalf of a page of another site and that may change something, and WebSockets: a browser attaches the certificate to them by itself.',
    ),
  origins: z
    .array(z.url({ protocol: /^https?$/ }).transform(url => new URL(url).origin))
    .default([])
    .describe('Origins besides our own whose pages may use this route (`https://app.example.org`).'),
  dropHeaders: z.array(fieldName).default([]).describe('Further request headers that do not reach the upstream.'),
  insecurePassHeaders: z
    .array(fieldName.refine(name => !ownNames.has(name), { message: 'this server sets that header itself' }))
    .default([])
    .describe(
      'Request headers that are dropped because upstreams take them for the identity of the user (`x-user`), and that this upstream does not.',
    ),
  connections: z
    .int()
    .min(1)
    .max(65_535)
    .default(256)
    .describe('Connections to the upstream open at a time; further requests wait.'),
  maxResponseHeaderBytes: z
    .int()
    .min(1024)
    .max(1_048_576)
    .default(65_536)
    .describe('Bytes of the header section of an upstream’s answer.'),
  insecurePublicAuthorities: z
    .boolean()
    .default(false)
    .describe('Whether an https upstream may be vouched for by any public authority, instead of by a trust store.'),
  timeouts: upstreamTimeouts.prefault({}).describe('How long an upstream may take.'),
}

export const gatewayRouteOptions = z.strictObject(gatewayRouteFields)

export type GatewayRouteOptions = z.output<typeof gatewayRouteOptions>

/** The signed form of the identity headers, the same for all routes. */
export const assertionOptions = z.strictObject({
  issuer: z.string().min(1).max(255).default('countersign').describe('`iss` of each assertion.'),
  lifetime: z
    .int()
    .min(5)
    .max(60)
    .default(60)
    .describe('Seconds until an assertion expires. It is used again for the same user and route for half of them.'),
  algorithm: z.enum(['ES256', 'EdDSA']).default('ES256').describe('How assertions are signed.'),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File (mode 0600) that keeps the signing keys over a restart; made when it is not there. Without: new keys at each start.',
    ),
  rotationDays: z.int().min(1).max(365).default(30).describe('Days after which the next signing key takes over.'),
})

export type AssertionOptions = z.output<typeof assertionOptions>
