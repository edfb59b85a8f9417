import { readTenantPath } from '../../server/http/tenant-path.ts'

/** What the path of a request names. */
export interface Address {
  readonly tenant: string
  /** `one`: the path names the tenant; `any`: it is that of every tenant (`/services/…`) */
  readonly addressed: 'one' | 'any'
  /** path in front of the service: `/services`, `/t/example.org/services` */
  readonly base: string
  readonly service: string
  /** undefined: the message says which */
  readonly operation: string | undefined
}

/**
 * `/services/Svc`, `/services/Svc.SvcHttpsSoap11Endpoint/`, `/services/Svc/operation`, each also below `/t/TENANT`. undefined: no address of
 * a service, however a service might be called.
 */
export function readAddress(path: string): Address | undefined {
  const { tenant, prefix, path: rest } = readTenantPath(path)
  const [, name, endpoint, operation] = form.exec(rest) ?? []
  if (name === undefined) return undefined
  if (endpoint !== undefined && !endpoints.some(each => endpoint === `${name}${each}`)) return undefined
  return {
    tenant,
    addressed: prefix === '' ? 'any' : 'one',
    base: `${prefix}/services`,
    service: name,
    operation: operation || undefined,
  }
}

const form = /^\/services\/([A-Za-z0-9]{1,100})(?:\.([A-Za-z0-9]{1,200}))?(?:\/([A-Za-z0-9]{0,100}))?$/

/** There is no plain HTTP, and so there are none of its endpoints. */
const endpoints = ['HttpsSoap11Endpoint', 'HttpsSoap12Endpoint', 'HttpsEndpoint']
