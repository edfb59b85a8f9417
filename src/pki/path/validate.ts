import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { type AnchorIndex, indexAnchors } from './anchors.ts'
import { Budget, BudgetExhausted } from './budget.ts'
import { indexBySubject } from './certificates-by-name.ts'
import { checkTarget, isAuthority } from './check-certificate.ts'
import { checkNameConstraints } from './check-names.ts'
import { checkPolicies, type PolicyInputs } from './check-policies.ts'
import { checkRevocation, type RevocationAnswer } from './check-revocation.ts'
import { type CrlSet, indexCrls } from './crl-set.ts'
import { findPath, type Path } from './find-path.ts'
import { Search } from './search.ts'
import type { PathTrace } from './trace.ts'
import {
  moreTelling,
  type Purpose,
  type TrustAnchor,
  type Trusted,
  type Untrusted,
  untrusted,
  type Verdict,
} from './verdict.ts'
import { type InsecureAlgorithm, weakAlgorithmsAt } from './weak-algorithms.ts'

export interface PathOptions {
  /** milliseconds since the epoch */
  readonly at: number
  readonly purpose: Purpose
  /** how many intermediates may stand between leaf and anchor, self-issued ones not counted; default 8 */
  readonly maxDepth?: number
  /** weak algorithms that are accepted all the same; default none */
  readonly insecureAlgorithms?: readonly InsecureAlgorithm[]
  /** inputs of RFC 5280 section 6.1.1; default: any policy, or none */
  readonly policy?: PolicyInputs
  /** milliseconds after which a revocation list is too old, whatever it says of its successor; default: it is believed */
  readonly crlMaxAge?: number
  /** milliseconds for which a revocation list is believed after its nextUpdate; default 0 */
  readonly crlGrace?: number
  /** told of each check as it comes out; default: nobody is */
  readonly trace?: PathTrace
}

export interface PathInput {
  readonly leaf: Certificate
  /** in any order, duplicates and strangers allowed */
  readonly intermediates: readonly Certificate[]
  /** a list is indexed at each call: hand in an index when there are many */
  readonly anchors: readonly TrustAnchor[] | AnchorIndex
  /** undefined: revocation is not checked here; given: required for every certificate on the path */
  readonly crls?: readonly Crl[] | CrlSet
  /** asked about each whole path instead of `crls`, where revocation is more than lists at hand */
  readonly revocation?: RevocationCheck
}

/** Whether nobody revoked a certificate of a path whose signatures, names and dates are in order. */
export type RevocationCheck = (path: Path, search: Search) => RevocationAnswer

/** As many as the JDK lets a client send (jdk.tls.maxClientCertificateChainLength). */
export const defaultMaxDepth = 8

/**
 * Whether the leaf may be trusted for the purpose at that time: RFC 5280 section 6. Never throws for what a certificate or a list says;
 * the work is bounded whatever they say. What is checked in which order: docs/validation.md.
 */
export function validatePath(input: PathInput, options: PathOptions): Verdict {
  const search = begin(input, options)
  try {
    const failure = checkTarget(input.leaf, search.question.rules)
    if (failure !== undefined) return failure
    const entry = search.question.anchors.same(input.leaf)
    const check = input.revocation ?? (input.crls && checkRevocation)
    return entry === undefined ? throughIssuers(input.leaf, search, check) : byItself(entry, search, check)
  } catch (error) {
    if (error instanceof BudgetExhausted) return untrusted(error.code, error.detail, input.leaf)
    throw error
  }
}

/** Asks about the revocation of a path that was found before. Never throws for what a certificate or a list says. */
export function checkPathAgain(
  path: Path,
  input: Omit<PathInput, 'leaf' | 'revocation'>,
  options: PathOptions,
  check: RevocationCheck,
): RevocationAnswer {
  try {
    return check(path, begin(input, options))
  } catch (error) {
    if (error instanceof BudgetExhausted) return untrusted(error.code, error.detail, path.certificates[0])
    throw error
  }
}

function begin({ anchors, intermediates, crls }: Omit<PathInput, 'leaf'>, options: PathOptions): Search {
  const {
    at,
    purpose,
    maxDepth = defaultMaxDepth,
    insecureAlgorithms = [],
    policy = {},
    crlMaxAge = Infinity,
    crlGrace = 0,
    trace,
  } = options
  return new Search({
    rules: { at, purpose, insecure: weakAlgorithmsAt(at, insecureAlgorithms), trace },
    maxDepth,
    policy,
    crlMaxAge,
    crlGrace,
    anchors: 'named' in anchors ? anchors : indexAnchors(anchors),
    intermediates: indexBySubject(intermediates),
    crls: crls === undefined || 'issuedBy' in crls ? crls : indexCrls(crls),
    budget: new Budget(),
  })
}

function throughIssuers(leaf: Certificate, search: Search, check: RevocationCheck | undefined): Verdict {
  let validUntil = Number.POSITIVE_INFINITY
  const path = findPath(leaf, search, found => {
    const failure =
      search.traced('nameConstraints', leaf, checkNameConstraints(found.certificates, search.question.budget)) ??
      search.traced('policies', leaf, checkPolicies(found.certificates, search.question.policy))
    if (failure !== undefined || check === undefined) return failure
    const revocation = check(found, search)
    search.traced('revocation', leaf, revocation.ok ? undefined : revocation)
    if (!revocation.ok) return revocation
    validUntil = revocation.validUntil
    return undefined
  })
  if (path === undefined) return search.failure ?? noPath(leaf)
  return trusted(path.certificates, path.anchor, validUntil)
}

/**
 * The leaf is an entry of the trust store, byte for byte: nobody has to vouch for it. Where it has an issuer here that could have
 * revoked it, and revocation is checked, that issuer is asked all the same.
 */
function byItself(anchor: TrustAnchor, search: Search, check: RevocationCheck | undefined): Verdict {
  const leaf = anchor.certificate
  let validUntil = Number.POSITIVE_INFINITY
  if (check !== undefined) {
    let refused: Untrusted | undefined
    const path = findPath(leaf, search, found => {
      const revocation = check(found, search)
      search.traced('revocation', leaf, revocation.ok ? undefined : revocation)
      if (revocation.ok) validUntil = revocation.validUntil
      else refused = moreTelling(refused, revocation)
      return revocation.ok ? undefined : revocation
    })
    if (path === undefined && refused !== undefined) return refused
  }
  return trusted([leaf], anchor, validUntil)
}

function trusted(path: readonly Certificate[], anchor: TrustAnchor, revocationUntil: number): Trusted {
  const validUntil = Math.min(revocationUntil, ...path.map(({ notAfter }) => notAfter))
  const pinned = path.length === 1 && !isAuthority(path[0]!, 'top')
  return { ok: true, path, anchor, pinned, validUntil }
}

function noPath(leaf: Certificate): Untrusted {
  return untrusted('issuer_unknown', `no path leads from ${leaf.issuer} to a trust anchor`, leaf)
}
