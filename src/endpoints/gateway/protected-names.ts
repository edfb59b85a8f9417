/**
 * Whether a header name from outside speaks of identity, of the way a request came, or of the address it was meant for: things
 * that only this server may tell an upstream (invariant 5). `name` is lower-case.
 *
 * Only names of letters, digits and hyphens can pass at all. CGI, WSGI, Rack, PHP and Java servers fold `_`, and some of
 * them every other sign, into the same variable as `-`, so `X_Forwarded_User` would arrive as `X-Forwarded-User`.
 */
export function isProtectedName(name: string): boolean {
  return !plainName.test(name) || protectedNames.has(name) || protectedPrefixes.test(name)
}

const plainName = /^[a-z0-9-]+$/

/** What this server sends to an upstream about who is asking. No option lets these in from outside. */
export const ownNames: ReadonlySet<string> = new Set([
  'client-cert',
  'client-cert-chain',
  'countersign-assertion',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-roles',
  'x-forwarded-tenant',
  'x-forwarded-user',
])

/** Names under which other gateways and servers tell an upstream the same, and which upstreams are therefore known to believe. */
const protectedNames: ReadonlySet<string> = new Set([
  ...ownNames,
  // the caller's address
  'cf-connecting-ip',
  'fastly-client-ip',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-real-ip',
  // the caller's name and rights
  'wso2-identity-user',
  'x-anonymous-consumer',
  'x-auth-email',
  'x-auth-groups',
  'x-auth-roles',
  'x-auth-user',
  'x-auth-username',
  'x-credential-identifier',
  'x-groups',
  'x-roles',
  'x-user',
  'x-user-email',
  'x-user-groups',
  'x-user-id',
  'x-user-name',
  'x-user-roles',
  'x-userid',
  'x-username',
  // the caller's certificate
  'client-to-edge',
  'x-arr-clientcert',
  'x-client-certificate',
  // another address than the one that was decided about
  'x-rewrite-url',
  // httpoxy: CGI turns it into HTTP_PROXY
  'proxy',
])

const protectedPrefixes = new RegExp(
  `^(?:${[
    'cf-access-',
    'cf-client-cert-',
    'cloudfront-viewer-cert-',
    'countersign-',
    'remote-',
    'ssl-',
    'x-amzn-mtls-',
    'x-amzn-oidc-',
    'x-appengine-user-',
    'x-auth-request-',
    'x-authenticated-',
    'x-authentik-',
    'x-client-cert-',
    'x-consumer-',
    'x-countersign-',
    'x-envoy-',
    'x-forwarded-',
    'x-goog-authenticated-user-',
    'x-goog-iap-',
    'x-mtls-',
    'x-ms-client-principal',
    'x-original-',
    'x-pomerium-',
    'x-remote-',
    'x-spiffe-',
    'x-ssl-',
    'x-tls-',
    'x-vouch-',
    'x-webauth-',
  ].join('|')}|x-client-cert$|x-forwarded$)`,
)
