import type { Material } from '../../config/material.ts'
import { CodedError } from '../../errors.ts'
import type { BindingOptions } from '../../identity/bindings/options.ts'
import type { TrustAnchor } from '../../pki/path/verdict.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { AuditRecord } from '../../telemetry/audit/record.ts'

/** A certificate that was let in, by its last record. */
export interface Seen {
  readonly thumbprint: string
  readonly subject: string
  readonly user: string
  readonly tenant: string
  /** ISO 8601 */
  readonly last: string
  /**
   * `loses`: its path ended at the anchor, and nothing else of the trust store lies on it. `keeps`: something does. `cannot be told`: the
   * record is of a version that did not write the path down, and the issuer bears the anchor's name.
   */
  readonly outcome: 'loses' | 'keeps' | 'cannot be told'
  /** alias of what it keeps its path by */
  readonly by: string | undefined
}

export interface Impact {
  /** what would go */
  readonly anchors: readonly TrustAnchor[]
  readonly certificates: readonly Seen[]
  /** bindings that ask for the anchor by its alias, which would match nothing any more */
  readonly bindings: readonly DependentBinding[]
}

export interface DependentBinding {
  /** undefined: it stands in the configuration */
  readonly id: string | undefined
  readonly options: BindingOptions
}

/** What goes, and what stays beside it on the listeners that it goes from. Throws ERR_CLI_USAGE for an alias that no trust store has. */
export function withoutAnchor({ listeners }: Material, alias: string): { gone: TrustAnchor[]; left: TrustAnchor[] } {
  const concerned = listeners.filter(({ trust }) => trust.anchors.some(anchor => anchor.alias === alias))
  const all = concerned.flatMap(({ trust }) => trust.anchors)
  if (concerned.length > 0)
    return {
      gone: all.filter(anchor => anchor.alias === alias),
      left: all.filter(anchor => anchor.alias !== alias),
    }
  const aliases = [...new Set(listeners.flatMap(({ trust }) => trust.anchors.map(anchor => anchor.alias)))]
  throw new CodedError('ERR_CLI_USAGE', `no trust store has an anchor ${JSON.stringify(alias)}`, {
    remedy: `Name one of: ${aliases.slice(0, 20).join(', ')}${aliases.length > 20 ? ', …' : ''}.`,
  })
}

/** What becomes of the certificate of a record; undefined when it has nothing to do with the anchor. */
export function outcomeOf(
  { fields }: AuditRecord,
  gone: readonly TrustAnchor[],
  left: readonly TrustAnchor[],
): Pick<Seen, 'outcome' | 'by'> | undefined {
  const { thumbprint, issuer } = fields.certificate as { thumbprint: string; issuer: string }
  const path = Array.isArray(fields.trustPath) ? (fields.trustPath as string[]) : undefined
  if (path === undefined) {
    const pinned = gone.some(({ certificate }) => certificate.thumbprint === thumbprint)
    const named = gone.some(({ certificate }) => certificate.subject.toString() === issuer)
    if (!pinned && !named) return undefined
    return { outcome: pinned ? 'loses' : 'cannot be told', by: undefined }
  }
  const anchor = gone.find(({ certificate }) => certificate.thumbprint === path.at(-1))
  if (anchor === undefined) return undefined
  // Another entry on the path vouches for it; so does one that is the same authority under another certificate.
  const by = left.find(
    ({ certificate }) => path.includes(certificate.thumbprint) || sameAuthority(certificate, anchor.certificate, path),
  )
  return { outcome: by === undefined ? 'loses' : 'keeps', by: by?.alias }
}

/** A pinned leaf is trusted by its bytes alone: a path of one is kept by nothing else. */
function sameAuthority(one: Certificate, other: Certificate, path: readonly string[]): boolean {
  return path.length > 1 && one.subject.toString() === other.subject.toString() && one.spki.equals(other.spki)
}
