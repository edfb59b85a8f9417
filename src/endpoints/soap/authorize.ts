import type { Principal } from '../../identity/authn/authenticator.ts'
import type { Directory } from '../../identity/users/directory.ts'
import { defaultTenant } from '../../identity/users/user.ts'
import { type Refusal, refuse } from '../../refusals.ts'
import type { Address } from './address.ts'
import { type Fault, fault } from './message/fault.ts'
import type { Operation, Service } from './service.ts'
import { uiExecute } from './services/permissions.ts'
import { domainOfTenant } from './tenant-name.ts'

/** A fault as clients of WSO2's products know it, and the refusal that it is to us. */
export interface Denial {
  readonly fault: Fault
  readonly refusal: Refusal
}

/** Whether the caller may call this operation at this address; the Denial says why not. */
export async function authorize(
  directory: Pick<Directory, 'isAuthorized'>,
  { user, tenant }: Pick<Principal, 'user' | 'tenant'>,
  address: Address,
  service: Service,
  operation: Pick<Operation, 'name' | 'access'>,
): Promise<Denial | undefined> {
  return (
    inOwnTenant(user, tenant, address) ??
    ofDefaultTenant(tenant, service) ??
    (await holdsPermission(directory, user, tenant, operation))
  )
}

/** In the address of a tenant its own users alone: not even the administrators of the default tenant. */
function inOwnTenant(user: string, tenant: string, address: Address): Denial | undefined {
  if (address.addressed === 'any' || address.tenant === tenant) return undefined
  return deny(
    50977,
    `Access Denied. A user ${user}@${domainOfTenant(tenant)} is trying to access services in domain ${domainOfTenant(address.tenant)}`,
    'The user belongs to another tenant than the address.',
  )
}

/** Their permissions are those of the whole server, which the administrator of a tenant does not hold, whatever the tenant's roles say. */
function ofDefaultTenant(tenant: string, { callers, name }: Service): Denial | undefined {
  if (callers === 'every-tenant' || tenant === defaultTenant) return undefined
  return deny(
    50978,
    'Denied accessing super tenant service.',
    `The service ${name} is for users of the default tenant.`,
  )
}

async function holdsPermission(
  directory: Pick<Directory, 'isAuthorized'>,
  user: string,
  tenant: string,
  { name, access }: Pick<Operation, 'name' | 'access'>,
): Promise<Denial | undefined> {
  if (access === 'anonymous') return undefined
  // Nobody may do what nobody has said who may.
  if ((access as readonly string[]).length === 0) {
    return deny(50978, `Unauthorized call!. AuthorizationAction has not been specified for ${name}`, notSaid)
  }
  for (const permission of access) {
    if (await directory.isAuthorized(tenant, user, permission, uiExecute)) return undefined
  }
  return deny(50978, 'Access Denied.', `The operation ${name} asks for the permission ${access.join(' or ')}.`)
}

const notSaid = 'It is not said who may call this operation.'

function deny(code: 50977 | 50978, text: string, detail: string): Denial {
  return { fault: fault(code, text), refusal: refuse('forbidden', detail) }
}
