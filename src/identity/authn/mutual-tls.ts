import { tell } from '../../pki/path/verdict.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { type Refusal, refuse } from '../../refusals.ts'
import type { Candidates, TenantUsers } from '../bindings/candidates.ts'
import type { Bindings } from '../bindings/create-bindings.ts'
import type { TrustedInTenants } from '../trust/tenant-paths.ts'
import type { Judgement } from '../trust/trust.ts'
import type { UserStore } from '../users/user.ts'
import type { AllowList } from './allow-list.ts'
import { splitTenant, type TenantNames } from './asserted-tenant.ts'
import { type AssertionHeader, readAssertedText, readAssertion } from './assertion-header.ts'
import type { AuthenticationRequest, Authenticator, Outcome, Principal } from './authenticator.ts'

export interface MutualTlsSource {
  readonly allowList: AllowList
  readonly bindings: Bindings
  readonly users: Pick<UserStore, 'find'>
  readonly usernameHeader: AssertionHeader
  /** how the names that requests give tell the tenant; default none */
  readonly tenants?: TenantNames
}

export const mutualTlsName = 'mutual-tls'

export interface MutualTls extends Authenticator {
  readonly reads: readonly string[]
  /** Whether this certificate may act as that user now, whatever a request says. Never abstains. */
  actAs(judgement: Judgement, person: Pick<Principal, 'tenant' | 'user'>): Promise<Outcome>
}

/** Lets a client in by the certificate whose key the handshake proved (design, section 4.5, whose steps these are). */
export function createMutualTls({
  allowList,
  bindings,
  users,
  usernameHeader,
  tenants = 'none',
}: MutualTlsSource): MutualTls {
  const headerName = usernameHeader.name.toLowerCase()

  async function authenticate(request: AuthenticationRequest): Promise<Outcome> {
    const { judgement, headers, assertedUser } = request
    const nothing = requireCertificate(judgement) ?? yieldToExplicitCredential(request)
    return (
      nothing ??
      decide(judgement!, candidates => {
        const asserted = assertedName(headers[headerName], assertedUser, usernameHeader, tenants)
        return 'ok' in asserted
          ? { kind: 'refuse', refusal: asserted }
          : selectUser(candidates, asserted, usernameHeader)
      })
    )
  }

  /** Steps 3 to 7. */
  async function decide(judgement: Judgement, select: (candidates: Candidates) => Selected): Promise<Outcome> {
    const certificate = requireTrust(judgement)
    if ('kind' in certificate) return certificate
    const listed = requireListed(certificate.leaf, allowList)
    if (listed !== undefined) return listed
    const candidates = await bindings.candidates(certificate.verdict)
    if (!candidates.ok) return { kind: 'refuse', refusal: refuse(candidates.code, candidates.detail) }
    const selected = select(candidates)
    if ('kind' in selected) return selected
    const principal = await requireActiveUser(selected, certificate.leaf, users)
    return 'ok' in principal ? { kind: 'refuse', refusal: principal } : { kind: 'accept', principal }
  }

  return {
    name: mutualTlsName,
    challenge: undefined,
    reads: [headerName],
    claims: () => false,
    authenticate,
    actAs: (judgement, { tenant, user }) =>
      decide(judgement, candidates => amongCandidates(candidates, { user, tenant })),
  }
}

// Step 1. On `clientAuth: need` the connection never came this far.
function requireCertificate(judgement: Judgement | undefined): Outcome | undefined {
  return judgement === undefined ? { kind: 'abstain', hint: noCertificate } : undefined
}

const noCertificate = refuse('certificate_required', 'No client certificate was presented.')

// Step 2. Whoever sends credentials of their own means them: the certificate may be the machine's, or the browser's habit.
function yieldToExplicitCredential({ claimedBy }: AuthenticationRequest): Outcome | undefined {
  return claimedBy === undefined || claimedBy === mutualTlsName ? undefined : { kind: 'abstain' }
}

interface TrustedCertificate {
  readonly leaf: Certificate
  readonly verdict: TrustedInTenants
}

// Step 3.
function requireTrust({ certificate, verdict }: Judgement): TrustedCertificate | Outcome {
  if (!verdict.ok) return { kind: 'refuse', refusal: refuse(verdict.code, tell(verdict)) }
  // That the path begins with the certificate that was presented is what all else rests on.
  if (certificate === undefined || verdict.path[0]?.raw.equals(certificate.raw) !== true) {
    throw new Error('a trusted verdict for another certificate than the one that was presented')
  }
  return { leaf: certificate, verdict }
}

// Step 4.
function requireListed(leaf: Certificate, allowList: AllowList): Outcome | undefined {
  return allowList.admits(leaf) ? undefined : { kind: 'refuse', refusal: notListed }
}

const notListed = refuse('not_allow_listed', 'The thumbprint of the certificate is not on the allow-list.')

/** A user whom the bindings allow, in one tenant; whether there is such a user is asked next. */
interface SelectedUser {
  readonly user: string
  readonly among: TenantUsers
}

type Selected = SelectedUser | Outcome

/** What the request says of the user that it means; nothing is a way of saying it. */
type Asserted = { readonly user?: undefined } | { readonly user: string; readonly tenant: string | undefined }

// Step 6. The header goes before what the request asserts elsewhere, and only where it is empty that counts: the order in which WSO2's
// products look.
function assertedName(
  header: string | readonly string[] | undefined,
  assertedUser: string | undefined,
  usernameHeader: AssertionHeader,
  tenants: TenantNames,
): Asserted | Refusal {
  const elsewhere = assertedUser !== undefined && (header === undefined || header === '')
  const asserted = elsewhere ? readAssertedText(assertedUser) : readAssertion(header, usernameHeader)
  if (asserted.kind === 'absent') return {}
  const named = asserted.kind === 'user' ? splitTenant(asserted.user, tenants) : asserted
  if (named.kind === 'user') return named
  const place = elsewhere ? 'user name that the request asserts' : `header ${usernameHeader.name}`
  return refuse('username_malformed', `The ${place} ${named.reason}.`)
}

// A name selects among the candidates of step 5; it never adds one (invariant 1).
function selectUser(candidates: Candidates, asserted: Asserted, usernameHeader: AssertionHeader): Selected {
  if (asserted.user !== undefined) return amongCandidates(candidates, asserted)
  const [user] = candidates.users === '*' || candidates.elsewhere.length > 0 ? [] : candidates.users
  return user === undefined ? { kind: 'abstain', hint: nameOne(usernameHeader) } : { user, among: candidates }
}

/** A user under another tenant than that of the bindings is no candidate, whatever the name. */
function amongCandidates(
  candidates: Candidates,
  { user, tenant }: { readonly user: string; readonly tenant: string | undefined },
): Selected {
  const among = [candidates, ...candidates.elsewhere].find(each => tenant === undefined || each.tenant === tenant)
  if (among === undefined || (among.users !== '*' && !among.users.includes(user)))
    return { kind: 'refuse', refusal: notThatUser }
  return { user, among }
}

// Invariant 8: one answer, whether there is no such user, or one that this certificate may not act as.
const notThatUser = refuse('certificate_not_bound', 'No binding lets this certificate act as that user.')

function nameOne({ name }: AssertionHeader): Refusal {
  return refuse('credentials_required', `The certificate acts as no user by default: name one in the header ${name}.`)
}

// Step 7. That an account or its tenant is shut is told only of a user whom the binding names: "*" would tell it of everyone.
async function requireActiveUser(
  { user: name, among: { tenant, users: candidates, binding } }: SelectedUser,
  certificate: Certificate,
  users: Pick<UserStore, 'find'>,
): Promise<Principal | Refusal> {
  const user = await users.find(tenant, name)
  if (user === undefined || user.tenant !== tenant || user.name !== name) return notThatUser
  const shut = user.tenantState !== 'active' ? inactive : user.state !== 'active' ? locked : undefined
  if (shut !== undefined) return candidates === '*' ? notThatUser : shut
  return { user: name, tenant, roles: user.roles, authenticatedBy: mutualTlsName, binding, certificate }
}

const inactive = refuse('tenant_inactive', 'The tenant of the account that the certificate is bound to is not active.')
const locked = refuse('account_locked', 'The account that the certificate is bound to is locked.')
