import { checkPath } from '../http/check-path.ts'
import type { ForwardAuth, OriginalRequest, ProxiedBy } from '../http/exchange.ts'
import { isAuthority } from '../http/headers.ts'
import { readTarget } from '../http/target.ts'
import type { Form } from './forms/form.ts'
import type { ForwardAuthForm, ForwardAuthOptions } from './forward-auth-options.ts'

/** How a proxy is read that asks in this form. */
export function createForwardAuth(
  { form, cacheSeconds, insecureCacheSeconds }: ForwardAuthOptions,
  { header, chainHeader }: Pick<Form, 'header' | 'chainHeader'>,
): ForwardAuth {
  const certificate = [header, chainHeader].filter(name => name !== undefined)
  const removesFields = form === 'envoy-http'
  const channel = form === 'envoy-grpc' ? 'grpc' : 'http'
  const terms = {
    channel,
    statuses: statuses[form],
    cacheSeconds: insecureCacheSeconds ?? cacheSeconds,
    removesFields,
  } as const
  if (form === 'envoy-grpc') return { ...terms, fields: [], original: byMessage }
  if (form === 'envoy-http') return { ...terms, fields: ['host', ...certificate], original: byPath }
  const fields = form === 'nginx' || form === 'haproxy' ? original : forwarded
  return {
    ...terms,
    fields: [...Object.values(fields), ...certificate],
    original: (asking, by) => byFields(fields, asking, by),
  }
}

/** ngx_http_auth_request_module makes a 500 of everything but 2xx, 401 and 403. */
const statuses: Readonly<Record<ForwardAuthForm, ForwardAuth['statuses']>> = {
  nginx: '401-403',
  haproxy: 'any',
  traefik: 'any',
  caddy: 'any',
  'envoy-http': 'any',
  'envoy-grpc': 'any',
}

interface Fields {
  readonly method: string
  readonly uri: string
  readonly host: string
}

const original: Fields = { method: 'x-original-method', uri: 'x-original-uri', host: 'x-original-host' }
const forwarded: Fields = { method: 'x-forwarded-method', uri: 'x-forwarded-uri', host: 'x-forwarded-host' }

type Asking = Parameters<ForwardAuth['original']>[0]

function byFields(fields: Fields, { path, headers }: Asking, by: ProxiedBy): OriginalRequest | string {
  if (path !== checkPath) return `it asks at ${checkPath}, and nowhere below it`
  for (const name of [fields.method, fields.uri, fields.host]) {
    const value = headers[name]
    if (value === undefined && name === fields.host) continue
    if (value === undefined || value === '') return `the field ${name} is not there`
    if (typeof value !== 'string') return `the field ${name} came more than once`
    if (!by.believes(name)) return `the field ${name} is not covered by its signature`
  }
  return readOriginal(headers[fields.method] as string, headers[fields.uri] as string, headers[fields.host] as string)
}

function readOriginal(method: string, uri: string, host: string | undefined): OriginalRequest | string {
  if (!methods.test(method)) return 'the method of the request is none'
  if (host !== undefined && !isAuthority(host)) return 'the host of the request is malformed'
  const target = readTarget(uri)
  return typeof target === 'string' ? target : { method, path: target.path, host }
}

/** RFC 9110 section 9.1: case matters, and all that are registered are in upper case. */
const methods = /^[A-Z][A-Z-]{0,31}$/

/** The path as it was spelled, with its query. */
function byMessage({ method, path, headers }: Asking): OriginalRequest | string {
  return readOriginal(method, path, headers.host)
}

/** What the listener has read already is read no second time. */
function byPath({ method, path, headers }: Asking): OriginalRequest | string {
  const rest = path.slice(checkPath.length)
  return rest === ''
    ? `the path of the request is not there: it belongs behind ${checkPath}`
    : { method, path: rest, host: headers.host }
}
