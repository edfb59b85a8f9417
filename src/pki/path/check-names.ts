import type { Certificate } from '../x509/certificate.ts'
import { subjectAltNames } from '../x509/extensions.ts'
import { type GeneralName, generalNameText } from '../x509/general-name.ts'
import { nameConstraints } from '../x509/name-constraints.ts'
import { isSelfIssued } from '../x509/name-match.ts'
import type { Budget } from './budget.ts'
import { matchName } from './name-match.ts'
import { type Untrusted, untrusted } from './verdict.ts'

/**
 * RFC 5280 sections 6.1.3 (b), (c) and 6.1.4 (g): every name below an authority lies in all its permitted subtrees of that name's
 * type, and in none of its excluded ones. Anchors constrain like intermediates. `path` is leaf first, anchor last.
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
        const failure = checkName(name, constraints.permitted, constraints.excluded, budget)
        if (failure !== undefined) return untrusted('constraint_violated', failure, certificate)
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
    // a value without text matches nothing, and is refused where e-mail addresses are constrained
    ...attributes.map(({ value }) => ({ type: 'rfc822Name' as const, value: value ?? '' })),
  ]
  kept.set(certificate, names)
  return names
}

function checkName(
  name: GeneralName,
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
  budget: Budget,
): string | undefined {
  budget.spend('comparisons', permitted.length + excluded.length)
  const relevant = (base: GeneralName) => constrains(base, name)
  const shown = () => generalNameText(name).slice(0, 200)
  const inPermitted = permitted.filter(relevant).map(base => matchName(name, base, 'permitted'))
  const inExcluded = excluded.filter(relevant).map(base => matchName(name, base, 'excluded'))
  if (inPermitted.includes('unclear') || inExcluded.includes('unclear')) {
    return `it cannot be told whether ${shown()} is within the name constraints`
  }
  if (inExcluded.includes('inside')) return `${shown()} is excluded by a name constraint`
  if (inPermitted.length > 0 && !inPermitted.includes('inside'))
    return `${shown()} is not permitted by the name constraints`
  return undefined
}

const smtpUtf8Mailbox = '1.3.6.1.5.5.7.8.9'

// RFC 9598 section 6: a mailbox with letters beyond ASCII is constrained by rfc822Name constraints, however it is written
function constrains(base: GeneralName, name: GeneralName): boolean {
  if (base.type === name.type) return true
  return base.type === 'rfc822Name' && name.type === 'otherName' && name.oid === smtpUtf8Mailbox
}
