import type { GeneralName } from '../x509/general-name.ts'
import type { NameConstraints } from '../x509/name-constraints.ts'
import { isHostName, parseMailbox } from './name-syntax.ts'

/** One subtree of a name constraint, taken apart once for any number of names. */
export interface Subtree {
  readonly kind: 'permitted' | 'excluded'
  readonly base: GeneralName
  /** a constraint that nobody can understand constrains nothing: where it counts, the certificate is refused */
  readonly proper: boolean
  /** lower-case host or domain; undefined for types that have none */
  readonly domain: string | undefined
  /** local part, when one mailbox is meant */
  readonly local: string | undefined
}

type Subtrees = ReadonlyMap<GeneralName['type'], readonly Subtree[]>

const kept = new WeakMap<NameConstraints, Subtrees>()
const smtpUtf8Mailbox = '1.3.6.1.5.5.7.8.9'

/** The subtrees that say something about a name: those of its type. */
export function subtreesFor(name: GeneralName, constraints: NameConstraints): readonly Subtree[] {
  const subtrees = kept.getOrInsertComputed(constraints, takeApart)
  const own = subtrees.get(name.type) ?? []
  // RFC 9598 section 6: a mailbox with letters beyond ASCII is constrained as the others are, though it is written as another type
  if (name.type !== 'otherName' || name.oid !== smtpUtf8Mailbox) return own
  return [...own, ...(subtrees.get('rfc822Name') ?? [])]
}

function takeApart({ permitted, excluded }: NameConstraints): Subtrees {
  const all = [
    ...permitted.map(base => subtreeOf('permitted', base)),
    ...excluded.map(base => subtreeOf('excluded', base)),
  ]
  return Map.groupBy(all, ({ base }) => base.type)
}

// RFC 5280 section 4.2.1.10. Leading dots are for mailboxes and URIs; for DNS names many know what is meant, and the RFC does not.
function subtreeOf(kind: Subtree['kind'], base: GeneralName): Subtree {
  switch (base.type) {
    case 'dNSName':
      return { kind, base, proper: isDomain(base.value), domain: base.value.toLowerCase(), local: undefined }
    case 'uniformResourceIdentifier':
      return { kind, base, proper: isDomainOrBelow(base.value), domain: base.value.toLowerCase(), local: undefined }
    case 'rfc822Name': {
      const mailbox = parseMailbox(base.value)
      const proper = mailbox !== undefined || isDomainOrBelow(base.value)
      return { kind, base, proper, domain: (mailbox?.host ?? base.value).toLowerCase(), local: mailbox?.local }
    }
    default:
      return { kind, base, proper: true, domain: undefined, local: undefined }
  }
}

/** Nothing at all means every name. */
const isDomain = (text: string) => text === '' || isHostName(text)
const isDomainOrBelow = (text: string) => isDomain(text.replace(/^\.(?=.)/, ''))
