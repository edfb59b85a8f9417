import type { Certificate } from '../x509/certificate.ts'
import { isSelfIssued } from '../x509/name-match.ts'
import {
  anyPolicy,
  certificatePolicies,
  inhibitAnyPolicy,
  type PolicyMapping,
  policyConstraints,
  policyMappings,
} from '../x509/policies.ts'
import { PolicyGraph } from './policy-graph.ts'
import { type Untrusted, untrusted } from './verdict.ts'

/** RFC 5280 section 6.1.1 (c) to (g). */
export interface PolicyInputs {
  /** object identifiers; undefined: any policy will do */
  readonly initialPolicySet?: readonly string[]
  readonly initialPolicyMappingInhibit?: boolean
  readonly initialExplicitPolicy?: boolean
  readonly initialAnyPolicyInhibit?: boolean
}

/** State variables of RFC 5280 section 6.1.2 (d) to (f). */
interface Counters {
  explicitPolicy: number
  policyMapping: number
  inhibitAny: number
}

/**
 * RFC 5280 section 6.1 with the policy graph of RFC 9618. `path` is leaf first, anchor last. An anchor that has policy extensions of
 * its own constrains with them like an intermediate (RFC 5937 section 3.2); RFC 5280 leaves that open.
 */
export function checkPolicies(path: readonly Certificate[], inputs: PolicyInputs): Untrusted | undefined {
  const n = path.length - 1
  const counters: Counters = {
    explicitPolicy: inputs.initialExplicitPolicy ? 0 : n + 1,
    policyMapping: inputs.initialPolicyMappingInhibit ? 0 : n + 1,
    inhibitAny: inputs.initialAnyPolicyInhibit ? 0 : n + 1,
  }
  const graph = new PolicyGraph()
  const anchor = path[n]!
  const ofAnchor = certificatePolicies(anchor)?.policies
  if (ofAnchor !== undefined) graph.descend(ofAnchor, 'any allowed')
  const failure = checkMappings(anchor)
  if (failure !== undefined) return failure
  graph.map(policyMappings(anchor) ?? [], counters.policyMapping > 0 ? 'mapped' : 'inhibited')
  constrain(anchor, counters)
  for (let i = 1; i <= n; i++) {
    const certificate = path[n - i]!
    const last = i === n
    takePolicies(certificate, graph, counters, last)
    // section 6.1.3 (f)
    if (counters.explicitPolicy === 0 && graph.empty) {
      return untrusted('constraint_violated', 'a certificate policy is required, and none is valid here', certificate)
    }
    if (last) break
    const failure = checkMappings(certificate)
    if (failure !== undefined) return failure
    graph.map(policyMappings(certificate) ?? [], counters.policyMapping > 0 ? 'mapped' : 'inhibited')
    if (!isSelfIssued(certificate)) countDown(counters)
    constrain(certificate, counters)
  }
  return wrapUp(path[0]!, graph, counters, inputs)
}

// section 6.1.3 (d) and (e)
function takePolicies(certificate: Certificate, graph: PolicyGraph, { inhibitAny }: Counters, last: boolean): void {
  const policies = certificatePolicies(certificate)?.policies
  const anyCounts = inhibitAny > 0 || (!last && isSelfIssued(certificate))
  if (policies === undefined) graph.clear()
  else graph.descend(policies, anyCounts ? 'any allowed' : 'any inhibited')
}

// section 6.1.4 (a)
function checkMappings(certificate: Certificate): Untrusted | undefined {
  const maps = ({ issuerDomain, subjectDomain }: PolicyMapping) =>
    issuerDomain === anyPolicy || subjectDomain === anyPolicy
  return policyMappings(certificate)?.some(maps)
    ? untrusted('certificate_malformed', 'a policy mapping from or to any policy', certificate)
    : undefined
}

// section 6.1.4 (h)
function countDown(counters: Counters): void {
  counters.explicitPolicy = Math.max(0, counters.explicitPolicy - 1)
  counters.policyMapping = Math.max(0, counters.policyMapping - 1)
  counters.inhibitAny = Math.max(0, counters.inhibitAny - 1)
}

// section 6.1.4 (i) and (j)
function constrain(certificate: Certificate, counters: Counters): void {
  const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints(certificate) ?? {}
  counters.explicitPolicy = Math.min(counters.explicitPolicy, requireExplicitPolicy ?? Number.POSITIVE_INFINITY)
  counters.policyMapping = Math.min(counters.policyMapping, inhibitPolicyMapping ?? Number.POSITIVE_INFINITY)
  counters.inhibitAny = Math.min(
    counters.inhibitAny,
    inhibitAnyPolicy(certificate)?.skipCerts ?? Number.POSITIVE_INFINITY,
  )
}

// section 6.1.5 (a), (b) and (g)
function wrapUp(
  leaf: Certificate,
  graph: PolicyGraph,
  counters: Counters,
  inputs: PolicyInputs,
): Untrusted | undefined {
  const required = counters.explicitPolicy <= 1 || policyConstraints(leaf)?.requireExplicitPolicy === 0
  if (!required || graph.allows(inputs.initialPolicySet)) return undefined
  return untrusted('constraint_violated', 'the certificate has none of the policies that are required', leaf)
}
