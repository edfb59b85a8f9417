import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, fixedClock } from '../../clock.ts'
import type { LoadedConfiguration } from '../../config/load.ts'
import { type ListenerMaterial, type Material, openMaterial } from '../../config/material.ts'
import { CodedError } from '../../errors.ts'
import { compileAccess } from '../../identity/access/access.ts'
import { type NamedUser, splitTenant } from '../../identity/authn/asserted-tenant.ts'
import type { AssertionHeader } from '../../identity/authn/assertion-header.ts'
import type { Principal } from '../../identity/authn/authenticator.ts'
import { type Candidates, findCandidates, type NoCandidates } from '../../identity/bindings/candidates.ts'
import { createSqlBindingStore } from '../../identity/bindings/sql-binding-store.ts'
import { compilePolicies } from '../../identity/revocation/policies.ts'
import { createTrust } from '../../identity/trust/create-trust.ts'
import type { Judgement } from '../../identity/trust/trust.ts'
import { createPasswordHasher } from '../../identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../identity/users/sql-user-store.ts'
import type { User } from '../../identity/users/user.ts'
import { silentLog } from '../../log.ts'
import type { TracedCheck } from '../../pki/path/trace.ts'
import type { Verdict } from '../../pki/path/verdict.ts'
import type { RevocationPolicy } from '../../pki/revocation/policy.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { type Refusal, refuse } from '../../refusals.ts'
import { type Identity, openIdentity } from '../../start/open-identity.ts'
import { createEvents } from '../../telemetry/events/create-events.ts'
import type { Events } from '../../telemetry/events/events.ts'
import { createMetrics } from '../../telemetry/metrics/metrics.ts'
import { type ExplainedRoute, findRoute } from './find-route.ts'

export interface Explained {
  readonly certificate: Certificate
  readonly listener: Pick<ListenerMaterial['options'], 'name' | 'clientAuth' | 'onUntrusted'>
  /** milliseconds since the epoch */
  readonly at: number
  readonly verdict: Verdict
  readonly checks: readonly TracedCheck[]
  /** what the configuration asks about revocation of certificates below this anchor */
  readonly revocation: RevocationPolicy
  /** what was asked about revocation, a sentence each */
  readonly asked: readonly string[]
  /** undefined: the list is off */
  readonly allowListed: boolean | undefined
  /** undefined when it did not come so far */
  readonly bindings: Candidates | NoCandidates | undefined
  /** the users that the bindings name, or the one that was asked for, as they are stored */
  readonly users: readonly ExplainedUser[]
  readonly route: ExplainedRoute | undefined
  readonly outcome: { readonly ok: true; readonly principal: Principal } | Refusal
}

export interface ExplainedUser {
  readonly name: string
  readonly tenant: string
  /** undefined: there is none of that name */
  readonly user: User | undefined
}

export interface Question {
  /** leaf first */
  readonly chain: readonly Certificate[]
  /** the user that the client names in the header */
  readonly user: string | undefined
  readonly path: string | undefined
  /** name of the listener; the first one when undefined */
  readonly listener: string | undefined
  /** undefined: now */
  readonly at: number | undefined
}

/** The whole decision about a certificate as a server with this configuration makes it, with what led to it. */
export async function explain(loaded: LoadedConfiguration, question: Question, present: Clock): Promise<Explained> {
  const clock = question.at === undefined ? present : fixedClock(question.at)
  const material = await openMaterial(loaded, clock)
  const listener = listenerNamed(material, question.listener)
  const route = question.path === undefined ? undefined : findRoute(question.path, material)
  const certificate = question.chain[0]!
  await using stack = new AsyncDisposableStack()
  const asked: string[] = []
  const events = stack.use(listeningEvents(clock, asked))
  const identity = await openIdentity(loaded, material, stack, { clock, events, log: silentLog })
  const checks: TracedCheck[] = []
  const judgement = await judge(question.chain, listener, identity, clock, checks)
  const allowList = loaded.value.authenticators['mutual-tls'].allowList
  const allowListed = allowList.enabled ? material.allowList.admits(certificate) : undefined
  const { verdict } = judgement
  const bindings =
    verdict.ok && allowListed !== false
      ? await findCandidates(verdict, material.bindings, createSqlBindingStore(identity.storage, clock))
      : undefined
  const { usernameHeader: header, tenants } = loaded.value.authenticators['mutual-tls']
  const named = question.user === undefined ? undefined : splitTenant(question.user, tenants)
  return {
    certificate,
    listener: listener.options,
    at: clock.now(),
    verdict,
    checks,
    revocation: compilePolicies(material.revocation.options)(verdict.ok ? verdict.anchor.alias : ''),
    asked,
    allowListed,
    bindings,
    users: bindings?.ok ? await usersOf(bindings, named, identity, clock) : [],
    route,
    outcome: await decide(judgement, listener, identity, route, question.user, header),
  }
}

function listenerNamed({ listeners }: Material, name: string | undefined): ListenerMaterial {
  const found = name === undefined ? listeners[0] : listeners.find(({ options }) => options.name === name)
  if (found !== undefined) return found
  throw new CodedError('ERR_CLI_USAGE', `the configuration has no listener ${name}`, {
    remedy: `Name one of: ${listeners.map(({ options }) => options.name).join(', ')}.`,
  })
}

/** Events that nobody is told of but the person who asks. */
function listeningEvents(clock: Clock, asked: string[]): Events & Disposable {
  const events = createEvents({ log: silentLog, metrics: createMetrics({ clock }), audit: undefined })
  return {
    ...events,
    revocationFetched: ({ source, outcome, detail }) => void asked.push(`${source}: ${outcome}, ${detail}`),
    revocationUnknown: ({ outcome, failures, certificate }) => {
      const why = failures.length === 0 ? 'no source covers it' : failures.join('; ')
      asked.push(`${certificate.subject}: nobody says whether it is revoked (${why}), and the policy is to ${outcome}`)
    },
    [Symbol.dispose]: () => events[Symbol.dispose](),
  }
}

const mostLooks = 16

async function judge(
  [leaf, ...rest]: readonly Certificate[],
  { trust: material }: ListenerMaterial,
  { epoch, revocation }: Identity,
  clock: Clock,
  checks: TracedCheck[],
): Promise<Judgement> {
  const policy = { ...material.policy, trace: (step: TracedCheck) => void checks.push(step) }
  const trust = createTrust({ material: { ...material, policy }, epoch, clock, log: silentLog, revocation })
  const presented = { leaf: leaf!.raw, rest: () => rest.map(({ raw }) => raw) }
  let judgement = trust.judge(presented)
  for (let looks = 0; judgement.pending !== undefined && looks < mostLooks; looks++) {
    await Promise.race([judgement.pending, delay(30_000, undefined, { ref: false })])
    checks.length = 0
    judgement = trust.judge(presented)
  }
  return judgement
}

async function usersOf(
  candidates: Candidates,
  named: NamedUser | undefined,
  { storage }: Identity,
  clock: Clock,
): Promise<ExplainedUser[]> {
  const store = createSqlUserStore({ storage, hasher: createPasswordHasher(), clock })
  const found: ExplainedUser[] = []
  for (const { tenant, users } of [candidates, ...candidates.elsewhere]) {
    const asked = named?.kind === 'user' && (named.tenant ?? tenant) === tenant ? [named.user] : []
    const names = new Set([...asked, ...(users === '*' ? [] : users.slice(0, 20))])
    for (const name of names) found.push({ name, tenant, user: await store.find(tenant, name) })
  }
  return found
}

/** Asks the very chain that the server asks. */
async function decide(
  judgement: Judgement,
  { options }: ListenerMaterial,
  { chain }: Identity,
  route: ExplainedRoute | undefined,
  user: string | undefined,
  header: AssertionHeader,
): Promise<Explained['outcome']> {
  if (options.clientAuth === 'none')
    return refuse('certificate_required', `The listener ${options.name} asks for no certificate (clientAuth: none).`)
  if (route?.kind === 'none') return refuse('forbidden', `No route leads to ${route.path}.`)
  const access = compileAccess(route?.access ?? {}, chain.names)
  const headers = user === undefined ? {} : { [header.name.toLowerCase()]: encodeName(user, header) }
  const peer = { remoteAddress: '', judgement: () => judgement }
  const decision = await chain.authenticate({ headers, peer }, access)
  if (!decision.ok) return decision.refusal
  return access.check(decision.principal) ?? { ok: true, principal: decision.principal }
}

function encodeName(user: string, { encoding }: AssertionHeader): string {
  return Buffer.from(user).toString(encoding === 'base64' ? 'base64' : 'latin1')
}
