import type { Access } from '../../identity/access/access.ts'
import type { Principal } from '../../identity/authn/authenticator.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { accessOf } from '../guard.ts'
import type { Address } from './address.ts'
import { type Reply, sendFault, sendResult, sendUnidentified, toldOf } from './answer.ts'
import { authorize, type Denial } from './authorize.ts'
import type { Call } from './call.ts'
import { renderException } from './exception.ts'
import { type Fault, fault, type Wrapping } from './message/fault.ts'
import type { ReadCall } from './message/read-call.ts'
import { readFields } from './schema/read.ts'
import { isFault, type Service } from './service.ts'
import { storeRefusal } from './services/refusals.ts'
import { openCallSession } from './session.ts'
import type { SoapSource } from './soap.ts'
import { createToldDirectory } from './told-directory.ts'

/** One request for a service, found. */
export interface ServiceRequest {
  readonly exchange: Exchange
  readonly address: Address
  readonly service: Service
  readonly access: Access
}

/** A call before anybody has looked at it: read already, or to be read once it is known who sent it. */
export type PendingCall = ReadCall | { readonly ok: 'later'; read(): Promise<ReadCall | Fault | undefined> }

/**
 * Authenticates, reads what is not read yet, authorises, and does it. Whoever is not let in does not get a message looked at that could have
 * waited.
 */
export async function perform(
  source: SoapSource,
  request: ServiceRequest,
  wrapping: Wrapping,
  pending: PendingCall,
): Promise<void> {
  const { exchange, address, service } = request
  const reply: Reply = { exchange, wrapping, cookies: [] }
  if (pending.ok === true && pending.operation.access === 'anonymous') {
    return run(source, request, reply, pending, undefined)
  }
  let call: ReadCall | Fault | undefined = pending.ok === true ? pending : undefined
  let denial: Denial | undefined
  let identified = false
  const serve = source.guard({
    access: request.access,
    assertedUser: () => (pending.ok === true ? pending.assertedUser : undefined),
    async examine(_exchange, principal) {
      identified = true
      const cookie = await source.sessions.open(principal, exchange.headers.cookie)
      if (cookie !== undefined) reply.cookies.push(cookie)
      if (pending.ok === 'later') call = await pending.read()
      if (call === undefined || !call.ok) return undefined
      denial = await authorize(source.directory, principal, address, service, call.operation)
      return denial?.refusal
    },
    tell(_exchange, problem, options) {
      if (denial === undefined) return sendUnidentified(reply, problem, options)
      sendFault(reply, { ...denial.fault, told: toldOf(problem, exchange.requestId) })
    },
    answer(_exchange, principal) {
      // The body was too long, and that has been said.
      if (call === undefined) return
      return call.ok ? run(source, request, reply, call, principal) : sendFault(reply, call)
    },
  })
  try {
    await serve(exchange)
  } catch (error) {
    if (exchange.response.headersSent) throw error
    source.log.error({ err: error, requestId: exchange.requestId, path: exchange.path }, 'a call of a service failed')
    sendFault(reply, identified ? broken(exchange) : undecided(exchange))
  }
}

/** Does what is asked, for whoever may ask it. */
async function run(
  source: SoapSource,
  { exchange, address, service }: ServiceRequest,
  reply: Reply,
  { operation, element }: ReadCall,
  caller: Principal | undefined,
): Promise<void> {
  const read =
    element === undefined
      ? ({ ok: true, values: {} } as const)
      : readFields(element, operation.request, service.namespace)
  if (!read.ok) return sendFault(reply, fault('client', read.detail))
  const call = callOf(source, exchange, address, reply, caller)
  const outcome = await attempt(() => operation.run(read.values as never, call), source, exchange)
  if (!isFault(outcome)) return sendResult(reply, service, operation, outcome)
  if (outcome.code === 50978) {
    const detail = outcome.told?.detail ?? outcome.text
    source.events.accessRefused({ ...accessOf(exchange, caller?.certificate), code: 'forbidden', detail })
  }
  const declared = outcome.code === 'server' ? renderException(service, operation.name, outcome.text) : undefined
  sendFault(reply, { ...outcome, declared })
}

async function attempt(work: () => unknown, { log }: SoapSource, exchange: Exchange): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    const refused = storeRefusal(error)
    if (refused !== undefined) return refused
    const { requestId, path } = exchange
    log.error({ err: error, requestId, path }, 'a call of a service failed')
    return broken(exchange)
  }
}

function broken({ requestId }: Exchange): Fault {
  const detail = 'The call could not be answered.'
  return fault('server', detail, { told: toldOf({ code: 'internal_error', detail }, requestId) })
}

/** 50976 is what the original answers when authentication itself broke. */
function undecided({ requestId }: Exchange): Fault {
  const detail = 'Who sent the request could not be found out.'
  return fault(50976, 'Access Denied. Authentication failed.', {
    told: toldOf({ code: 'internal_error', detail }, requestId),
  })
}

function callOf(
  source: SoapSource,
  exchange: Exchange,
  { tenant, addressed }: Address,
  reply: Reply,
  caller: Principal | undefined,
): Call {
  const { options, events, login, passwords, version } = source
  const actor = caller === undefined ? `the password, from ${exchange.peer.remoteAddress}` : actorName(caller)
  return {
    caller,
    tenant: caller?.tenant ?? tenant,
    addressed,
    remoteAddress: exchange.peer.remoteAddress,
    directory: createToldDirectory(source.directory, events, actor),
    login,
    passwords,
    session: openCallSession(source, exchange, reply.cookies),
    events,
    limits: options.limits,
    serverVersion: options.serverVersion ?? version,
  }
}

function actorName({ user, tenant }: Principal): string {
  return `${user}@${tenant}`
}
