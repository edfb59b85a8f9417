import type { DecidedRoute } from '../decided-route.ts'
import type { AskedExchange } from './asked-exchange.ts'

/**
 * What Envoy has to take off the request before it passes it on, as the gateway would: fields that the client sent and that speak of identity,
 * and those of ours that this answer does not set. It takes off what it was told last, so none that is set here is among them.
 */
export function withheldFields(
  { headers }: Pick<AskedExchange, 'headers'>,
  route: Pick<DecidedRoute, 'dropped' | 'withholds' | 'passesAuthorization'>,
  identity: readonly string[],
): string[] {
  const names = new Set([...identityNames, ...route.dropped])
  for (const name in headers) if (!ofEnvoy.test(name) && route.withholds(name)) names.add(name)
  const { authorization } = headers
  if (authorization !== undefined && route.passesAuthorization(authorization)) names.delete('authorization')
  for (let i = 0; i < identity.length; i += 2) names.delete(identity[i]!)
  return [...names].filter(name => !ofEnvoy.test(name))
}

/** Who is asking; where a request came from is for the proxy to say. */
const identityNames = [
  'client-cert',
  'client-cert-chain',
  'countersign-assertion',
  'x-forwarded-roles',
  'x-forwarded-tenant',
  'x-forwarded-user',
]

/** Pseudo-header fields, what frames the message, and what Envoy itself tells of the way of a request. */
const ofEnvoy =
  /^(?::|(?:host|connection|content-length|forwarded|te|transfer-encoding|upgrade)$|x-envoy-|x-forwarded-(?:client-cert|for|host|port|proto)$)/
