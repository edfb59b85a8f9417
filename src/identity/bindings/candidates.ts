import { isCoded } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { type Refusal, refuse } from '../../refusals.ts'
import type { TenantPath, TrustedInTenants } from '../trust/tenant-paths.ts'
import type { AnchorDirectory } from './anchor-directory.ts'
import { type Binding, type Level, levelOf, levels } from './binding.ts'
import type { BindingStore } from './binding-store.ts'
import { compileBinding } from './compile-binding.ts'
import type { ConfiguredBindings } from './configured-bindings.ts'
import { type CertificateSelectors, selectorsOf } from './selector.ts'

/** The users that a certificate may act as. */
export interface Candidates extends TenantUsers {
  readonly ok: true
  /** The same in further tenants, where names tell the tenant. Without a name there is no default then. */
  readonly elsewhere: readonly TenantUsers[]
  readonly considered: readonly Consideration[]
}

export interface TenantUsers {
  readonly tenant: string
  /** the first is the default; `*` is any user of the tenant that exists, and no default */
  readonly users: readonly string[] | '*'
  /** the binding that says so, in words an administrator recognises */
  readonly binding: string
}

/** Nobody: with the refusal that tells the holder of the certificate why. */
export interface NoCandidates extends Refusal {
  readonly considered: readonly Consideration[]
}

/** One binding that looked for this certificate, and what became of it: for `cert explain`, never for a client. */
export interface Consideration {
  readonly binding: string
  readonly id: string | undefined
  readonly level: Level
  readonly outcome: 'decides' | 'does not apply' | 'less specific' | 'refuses'
  readonly reason: string
}

/**
 * The candidate users of a trusted certificate: what the most specific bindings say that match (thumbprint, then subject or
 * alternative name, then anchor). Two of one level that differ are refused, never ranked by their order (invariant 7).
 */
export async function findCandidates(
  trusted: Vouched,
  configured: ConfiguredBindings,
  store?: BindingStore,
): Promise<Candidates | NoCandidates> {
  const leaf = trusted.path[0]!
  const { aliases, seenBy } = vouchers(trusted, configured.directory)
  const considered: Consideration[] = []
  const none = ({ code, detail }: Refusal): NoCandidates => ({ ...refuse(code, detail), considered })
  const names = selectorsUnlessBroken(leaf, aliases)
  if ('code' in names) return none(names)
  const stored = (await store?.find(names.selectors)) ?? []
  const bySha1 = configured.findBySha1?.(leaf) ?? []
  const found = [
    ...configured.find(names.selectors),
    ...bySha1,
    ...stored.map(({ id, options }) => compileBinding(options, id)),
  ]
  let decided: readonly TenantUsers[] = []
  for (const level of levels) {
    const bindings = found.filter(({ selector }) => levelOf(selector.kind) === level)
    if (decided.length > 0) {
      considered.push(...bindings.map(binding => consider(binding, 'less specific', 'a more specific binding decides')))
      continue
    }
    if (level === 'name' && names.truncated) return none(tooManyNames)
    const answers = answersOfLevel(bindings, leaf, seenBy, considered, configured.severalTenants)
    if ('code' in answers) return none(answers)
    decided = answers
  }
  const [first, ...elsewhere] = decided
  return first === undefined ? none(notCovered) : { ok: true, ...first, elsewhere, considered }
}

/** A certificate with its path to an anchor, or one for each tenant in which it counts. */
export type Vouched = Pick<TrustedInTenants, 'path' | 'tenantPaths'>

/** Aliases of the anchor that vouches for the certificate in a tenant; undefined: none does there. */
type SeenBy = (tenant: string) => readonly string[] | undefined

function vouchers({ path, tenantPaths }: Vouched, directory: AnchorDirectory) {
  const seen = new Map<string, readonly string[] | undefined>()
  const paths = tenantPaths?.map(each => each.path) ?? [path]
  const seenBy: SeenBy = tenant =>
    seen.getOrInsertComputed(tenant, () => {
      const way = tenantPaths === undefined ? path : pathIn(tenant, tenantPaths)
      return way && directory.seenBy(tenant).aliases(way)
    })
  return { seenBy, aliases: [...new Set([...new Set(paths)].flatMap(each => directory.aliases(each)))] }
}

function pathIn(tenant: string, paths: readonly TenantPath[]): readonly Certificate[] | undefined {
  return (paths.find(each => each.tenant === tenant) ?? paths.find(each => each.tenant === undefined))?.path
}

const notCovered = refuse('certificate_not_bound', 'No binding covers this certificate.')
const tooManyNames = refuse(
  'certificate_not_bound',
  'The certificate has too many alternative names to look for a binding.',
)
const disagree = refuse('binding_ambiguous', 'Bindings of the same rank give different users for this certificate.')

function selectorsUnlessBroken(leaf: Certificate, aliases: readonly string[]): CertificateSelectors | Refusal {
  try {
    return selectorsOf(leaf, aliases)
  } catch (error) {
    if (!isCoded(error, 'ERR_CERTIFICATE_MALFORMED')) throw error
    return refuse('certificate_malformed', 'The alternative names of the certificate cannot be read.')
  }
}

/** What the bindings of one level say together: one answer, or one for each tenant where names tell it; a refusal, or nothing. */
function answersOfLevel(
  bindings: readonly Binding[],
  leaf: Certificate,
  seenBy: SeenBy,
  considered: Consideration[],
  severalTenants: ConfiguredBindings['severalTenants'],
): readonly TenantUsers[] | Refusal {
  const agreed: TenantUsers[] = []
  for (const binding of bindings) {
    const answer = answerOf(binding, leaf, seenBy(binding.tenant))
    if (typeof answer === 'string') {
      considered.push(consider(binding, 'does not apply', answer))
      continue
    }
    if ('code' in answer) {
      considered.push(consider(binding, 'refuses', answer.detail))
      return answer
    }
    considered.push(consider(binding, 'decides', ''))
    const before = severalTenants === 'refuse' ? agreed[0] : agreed.find(({ tenant }) => tenant === answer.tenant)
    if (before === undefined) agreed.push(answer)
    else if (!sameAnswer(answer, before)) return disagree
  }
  return agreed
}

function consider({ label, id, selector }: Binding, outcome: Consideration['outcome'], reason: string): Consideration {
  return { binding: label, id, level: levelOf(selector.kind), outcome, reason }
}

/** What a binding says of a certificate; a sentence when it does not apply after all. */
function answerOf(
  { selector, anchor, answer, tenant, label: binding }: Binding,
  leaf: Certificate,
  aliases: readonly string[] | undefined,
): TenantUsers | Refusal | string {
  if (aliases === undefined) return `no anchor of the tenant ${tenant} vouches for the certificate`
  const voucher = selector.kind === 'anchor' ? selector.value : anchor
  if (voucher !== undefined && !aliases.includes(voucher))
    return `the anchor ${voucher} does not vouch for the certificate`
  if (answer.kind === 'any') return { tenant, users: '*', binding }
  if (answer.kind === 'users') return { tenant, users: answer.users, binding }
  const result = answer.mapping.apply(leaf)
  switch (result.kind) {
    case 'user':
      return { tenant, users: [result.user], binding }
    case 'none':
      return result.reason
    case 'ambiguous':
      return refuse('binding_ambiguous', `No user can be told from the certificate: ${result.reason}.`)
    case 'unfit':
      return refuse('certificate_not_bound', `No user can be told from the certificate: ${result.reason}.`)
  }
}

function sameAnswer(one: TenantUsers, other: TenantUsers): boolean {
  return one.tenant === other.tenant && JSON.stringify(one.users) === JSON.stringify(other.users)
}
