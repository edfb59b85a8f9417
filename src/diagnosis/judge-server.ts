import { CodedError } from '../errors.ts'
import { validatePath } from '../pki/path/validate.ts'
import type { TrustAnchor, Verdict } from '../pki/path/verdict.ts'
import { type Certificate, parseCertificate } from '../pki/x509/certificate.ts'
import { authorityInfoAccess } from '../pki/x509/extensions.ts'
import { attributeValues } from '../pki/x509/name.ts'
import { isSelfIssued, namesMatch } from '../pki/x509/name-match.ts'
import { type Cause, nameCause } from './causes.ts'
import { certifiedNames, isCertifiedFor } from './server-names.ts'
import { dayText, subjectText } from './texts.ts'

/** Whom the client trusts to vouch for servers. */
export interface ClientTrust {
  readonly anchors: readonly TrustAnchor[]
  /** `named`: somebody said so; `assumed`: nobody did, and the public authorities stand in */
  readonly kind: 'named' | 'assumed'
  /** for the report: `the 2 trust anchors of ca.crt` */
  readonly text: string
  /** certificates that happen to be at hand: they may show what a server ought to have sent */
  readonly others: readonly Certificate[]
}

export interface ServerJudgement {
  /** as sent, leaf first */
  readonly chain: readonly Certificate[]
  readonly names: readonly string[]
  readonly nameFits: boolean
  /** undefined when the leaf cannot be read */
  readonly verdict: Verdict | undefined
  readonly pathCause: Cause | undefined
  readonly nameCause: Cause | undefined
}

/** What a strict client says of the chain that a server sent; undefined when it sent none. */
export function judgeServer(
  sent: readonly Buffer[],
  name: string,
  trust: ClientTrust,
  at: number,
): ServerJudgement | undefined {
  if (sent.length === 0) return undefined
  try {
    const chain = sent.map(der => parseCertificate(der))
    const leaf = chain[0]!
    const names = certifiedNames(leaf)
    const nameFits = isCertifiedFor(names, name)
    const verdict = validatePath(
      { leaf, intermediates: chain.slice(1), anchors: trust.anchors },
      { at, purpose: 'server' },
    )
    const wrong = nameFits ? undefined : nameCause('server_wrong_name', { name, names: listed(names) })
    return { chain, names, nameFits, verdict, pathCause: causeOf(verdict, chain, trust, at), nameCause: wrong }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    const unfit = nameCause('server_certificate_unfit', { subject: '(unreadable)', detail: error.message })
    return { chain: [], names: [], nameFits: false, verdict: undefined, pathCause: unfit, nameCause: undefined }
  }
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no name at all (it has no alternative names, and nobody reads a common name any more)'
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
}

function causeOf(verdict: Verdict, chain: readonly Certificate[], trust: ClientTrust, at: number): Cause | undefined {
  if (verdict.ok) return undefined
  const leaf = chain[0]!
  const { code, detail, certificate = leaf } = verdict
  const subject = subjectText(certificate)
  switch (code) {
    case 'certificate_expired':
      return nameCause('server_certificate_expired', { subject, date: dayText(certificate.notAfter) })
    case 'certificate_not_yet_valid':
      return nameCause('server_certificate_not_yet_valid', { subject, date: dayText(certificate.notBefore) })
    case 'purpose_not_allowed':
      return nameCause('server_wrong_purpose', { subject, detail })
    case 'issuer_unknown': {
      const issuer = String(certificate.issuer)
      return lacksIntermediate(certificate, chain, trust, at)
        ? nameCause('server_chain_incomplete', { subject, issuer })
        : nameCause('server_issuer_unknown', { issuer, trust: trust.text })
    }
    default:
      return nameCause('server_certificate_unfit', { subject, detail })
  }
}

/**
 * Whether the issuer that nobody has is one between, which the server ought to have sent, or one at the top, which the client ought to
 * trust. It is not there to ask, so only what stands around it can tell: a certificate at hand that completes the path, an address
 * where the issuer's certificate can be fetched (authorities at the top seldom give one), or the name of an organization that is
 * trusted here.
 */
function lacksIntermediate(
  last: Certificate,
  chain: readonly Certificate[],
  { anchors, others, kind }: ClientTrust,
  at: number,
): boolean {
  if (isSelfIssued(last)) return false
  if (others.some(({ subject }) => namesMatch(subject, last.issuer))) {
    const verdict = validatePath(
      { leaf: chain[0]!, intermediates: [...chain.slice(1), ...others], anchors },
      { at, purpose: 'server' },
    )
    if (verdict.ok) return true
  }
  if (kind === 'named') {
    const organizations = attributeValues(last.issuer, organizationName)
    const trusted = anchors.flatMap(({ certificate }) => attributeValues(certificate.subject, organizationName))
    if (organizations.some(name => trusted.includes(name))) return true
  }
  return chain.length === 1 && offersIssuer(last)
}

const organizationName = '2.5.4.10'
const caIssuers = '1.3.6.1.5.5.7.48.2'

function offersIssuer(certificate: Certificate): boolean {
  return authorityInfoAccess(certificate)?.some(({ method }) => method === caIssuers) === true
}
