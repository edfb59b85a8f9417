import type { Certificate } from '../x509/certificate.ts'
import { subjectAltNames } from '../x509/extensions.ts'
import { type GeneralName, generalNameText } from '../x509/general-name.ts'
import { nameConstraints } from '../x509/name-constraints.ts'
import { isSelfIssued } from '../x509/name-match.ts'
import type { Budget } from './budget.ts'
import { matcherOf } from './name-match.ts'
import { type Subtree, subtreesFor } from './name-subtrees.ts'
import { type Untrusted, untrusted } from './verdict.ts'

/**
 * RFC 5280 sections 6.1.3 (b), (c) and 6.1.4 (g): every name below an authority lies in one of its permitted subtrees of that name's
 * type, if it has any, and in none of its excluded ones. Anchors constrain like intermediates. `path` is leaf first, anchor last.
 */
export function checkNameConstraints(path: readonly Certificate[], budget: Budget): Untrusted | undefined {
  for (let above = path.length - 1; above > 0; above--) {
    const constraints = nameConstraints(path[above]!)
    if (constraints === undefined) continue
    for (let below = above - 1; below >= 0; below--) {
      const certificate = path[below]!
      // a self-issued certificate is exempt, unless it is the last one of the path
      if (below > 0 && isSelfIssued(certificate)) continue
      for (const name of namesOf(certificate)) {
        // of every type, as webpki counts: a certificate with thousands of either is refused, even where they pass each other by
        budget.spend('comparisons', constraints.permitted.length + constraints.excluded.length)
        const fault = checkName(name, subtreesFor(name, constraints))
        if (fault !== undefined) return untrusted('constraint_violated', fault, certificate)
      }
    }
  }
  return undefined
}

const kept = new WeakMap<Certificate, readonly GeneralName[]>()
const emailAddress = '1.2.840.113549.1.9.1'

/**
 * The names that constraints apply to: the subject unless it is empty, the alternative names, and the e-mail addresses in the subject.
 * RFC 5280 exempts the latter when there are alternative names; here a binding may read them, so they never are.
 */
function namesOf(certificate: Certificate): readonly GeneralName[] {
  const before = kept.get(certificate)
  if (before !== undefined) return before
  const { subject } = certificate
  const attributes = subject.rdns.flat().filter(({ oid }) => oid === emailAddress)
  const names: GeneralName[] = [
    ...(subject.rdns.length === 0 ? [] : [{ type: 'directoryName' as const, name: subject }]),
    ...(subjectAltNames(certificate) ?? []),
    // a value without text is no mailbox, and is refused where e-mail addresses are constrained
    ...attributes.map(({ value }) => ({ type: 'rfc822Name' as const, value: value ?? '' })),
  ]
  kept.set(certificate, names)
  return names
}

function checkName(name: GeneralName, subtrees: readonly Subtree[]): string | undefined {
  if (subtrees.length === 0) return undefined
  const match = matcherOf(name)
  const shown = () => generalNameText(name).slice(0, 200)
  let permission: 'none needed' | 'missing' | 'given' = 'none needed'
  for (const subtree of subtrees) {
    const found = match(subtree)
    if (found === 'unclear') {
      return `it cannot be told whether ${shown()} is within the name constraint ${generalNameText(subtree.base).slice(0, 200)}`
    }
    if (found === 'inside' && subtree.kind === 'excluded') return `${shown()} is excluded by a name constraint`
    if (subtree.kind === 'permitted' && permission !== 'given') permission = found === 'inside' ? 'given' : 'missing'
  }
  return permission === 'missing' ? `${shown()} is not permitted by the name constraints` : undefined
}
