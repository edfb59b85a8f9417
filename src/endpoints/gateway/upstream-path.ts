import type { GatewayRouteOptions } from './options.ts'

/**
 * From a request target to the upstream's, as it was spelled: nothing is decoded and encoded again on the way. What two
 * readers could take for different paths was refused before (server/http/target.ts), so that the path which the access
 * policy looked at is the path that the upstream sees.
 */
export function createUpstreamPath({
  path,
  upstream,
  prefix,
}: Pick<GatewayRouteOptions, 'path' | 'prefix'> & { readonly upstream: string }) {
  const base = new URL(upstream).pathname.replace(/\/$/, '')
  const strip = prefix === 'strip' && path.endsWith('/*') ? path.slice(0, -2) : ''
  return (target: string): string => {
    const rest = strip === '' ? target : stripped(target, strip)
    return base + (rest.startsWith('/') ? rest : `/${rest}`)
  }
}

/** The prefix may have been spelled with percent-encoded letters: then it is as many segments that go. */
function stripped(target: string, prefix: string): string {
  if (target.startsWith(prefix)) return target.slice(prefix.length)
  const end = /[?]|$/.exec(target)!.index
  const segments = target.slice(0, end).split('/').slice(prefix.split('/').length)
  return (segments.length > 0 ? `/${segments.join('/')}` : '/') + target.slice(end)
}
