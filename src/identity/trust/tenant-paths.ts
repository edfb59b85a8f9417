import { type AnchorIndex, indexAnchors } from '../../pki/path/anchors.ts'
import { indexBySubject } from '../../pki/path/certificates-by-name.ts'
import type { TrustAnchor, Trusted, Verdict } from '../../pki/path/verdict.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'

/** An anchor, and whose users those may become for whom it vouches. */
export interface TenantAnchor extends TrustAnchor {
  /** of this tenant only; undefined: of any, as the bindings say */
  readonly tenant?: string | undefined
}

/** A way from a certificate to an anchor that counts in a tenant. */
export interface TenantPath {
  /** undefined: in every tenant that has no path of its own in the list */
  readonly tenant: string | undefined
  /** leaf first, anchor last */
  readonly path: readonly Certificate[]
}

export interface TrustedInTenants extends Trusted {
  /** undefined: no anchor is for a tenant in particular, and the path counts in all */
  readonly tenantPaths?: readonly TenantPath[]
}

/** The anchors as each tenant sees them: its own, and those for everybody. */
export type AnchorsByTenant = ReadonlyMap<string | undefined, AnchorIndex>

/** The index of a list of anchors that never changes: made once, whoever asks. */
export function anchorIndexOf(anchors: readonly TenantAnchor[]): AnchorIndex<TenantAnchor> {
  return indexes.getOrInsertComputed(anchors, indexAnchors)
}

const indexes = new WeakMap<readonly TenantAnchor[], AnchorIndex<TenantAnchor>>()

/** The anchors for everybody: the list itself when all are. */
export function sharedAnchors(anchors: readonly TenantAnchor[]): readonly TenantAnchor[] {
  return anchors.every(({ tenant }) => tenant === undefined)
    ? anchors
    : anchors.filter(({ tenant }) => tenant === undefined)
}

/** undefined when no anchor is for a tenant in particular. */
export function indexByTenant(anchors: readonly TenantAnchor[]): AnchorsByTenant | undefined {
  const shared = sharedAnchors(anchors)
  if (shared === anchors) return undefined
  const own = Map.groupBy(anchors, ({ tenant }) => tenant)
  const views = new Map<string | undefined, AnchorIndex>()
  for (const [tenant, those] of own)
    views.set(tenant, anchorIndexOf(tenant === undefined ? shared : [...those, ...shared]))
  return views
}

/**
 * In which tenants a trusted certificate counts. The path that was found ends at one anchor, and another may end at that of another tenant: an
 * intermediate can have been certified by both. So each tenant that may be reached is searched for by itself. `validate` is asked once for
 * tenants that see the same anchors above the certificate.
 */
export function pathsInTenants(
  found: Trusted,
  intermediates: readonly Certificate[],
  byTenant: AnchorsByTenant,
  validate: (anchors: AnchorIndex) => Verdict,
): TrustedInTenants {
  const above = certificatesAbove(found.path[0]!, intermediates)
  const answers = new Map<string, Verdict>()
  const tenantPaths: TenantPath[] = []
  let { validUntil } = found
  for (const [tenant, anchors] of byTenant) {
    const seen = anchorsAbove(above, anchors)
    if (seen === '') continue
    const verdict = answers.getOrInsertComputed(seen, () => validate(anchors))
    if (!verdict.ok) continue
    tenantPaths.push({ tenant, path: verdict.path })
    validUntil = Math.min(validUntil, verdict.validUntil)
  }
  return { ...found, tenantPaths, validUntil }
}

/** The certificate, and all that could stand above it by their names; whether they do, only their keys can tell. */
function certificatesAbove(leaf: Certificate, intermediates: readonly Certificate[]): readonly Certificate[] {
  const bySubject = indexBySubject(intermediates)
  const found = new Set([leaf])
  for (const certificate of found) for (const issuer of bySubject.named(certificate.issuer)) found.add(issuer)
  return [...found]
}

/** Which anchors could end a path over these certificates, as a text: empty for none. */
function anchorsAbove(certificates: readonly Certificate[], anchors: AnchorIndex): string {
  const found = new Set<string>()
  for (const certificate of certificates) {
    const same = anchors.same(certificate)
    if (same !== undefined) found.add(same.certificate.thumbprint)
    for (const issuer of anchors.named(certificate.issuer)) found.add(issuer.certificate.thumbprint)
  }
  return [...found].toSorted().join(' ')
}
