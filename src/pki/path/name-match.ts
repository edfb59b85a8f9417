import type { GeneralName } from '../x509/general-name.ts'
import { rdnMatchKeys } from '../x509/name-match.ts'
import type { Subtree } from './name-subtrees.ts'
import { hostOfUri, isHostName, parseMailbox } from './name-syntax.ts'

/**
 * Whether a name lies inside a subtree of the same type (RFC 5280 section 4.2.1.10). `unclear` when the name is no proper name of its
 * type, the subtree none that RFC 5280 knows, or both of a type that has no rule here: then nothing may be concluded from it, in either direction. A wildcard lies inside a
 * permitted subtree when all its names do, and inside an excluded one when any does.
 */
export type Match = 'inside' | 'outside' | 'unclear'

/** Takes the name apart once, for any number of subtrees. */
export function matcherOf(name: GeneralName): (subtree: Subtree) => Match {
  const match = matcherOfType(name)
  return subtree => (subtree.proper ? match(subtree) : 'unclear')
}

function matcherOfType(name: GeneralName): (subtree: Subtree) => Match {
  switch (name.type) {
    case 'dNSName':
      return dnsMatcher(name.value.toLowerCase())
    case 'rfc822Name':
      return mailboxMatcher(name.value)
    case 'uniformResourceIdentifier':
      return uriMatcher(name.value)
    case 'iPAddress':
      return ({ base }) => (base.type === 'iPAddress' ? matchAddress(name.octets, base.octets) : 'unclear')
    case 'directoryName': {
      const rdns = rdnMatchKeys(name.name)
      return ({ base }) =>
        base.type === 'directoryName' ? matchDirectoryName(rdns, rdnMatchKeys(base.name)) : 'unclear'
    }
    default:
      return unclear
  }
}

const unclear = (): Match => 'unclear'
const answer = (inside: boolean): Match => (inside ? 'inside' : 'outside')

// "constructed by simply adding zero or more labels to the left-hand side"
function dnsMatcher(name: string): (subtree: Subtree) => Match {
  const host = name.startsWith('*.') ? name.slice(2) : name
  if (!isHostName(host)) return unclear
  return ({ kind, domain = '' }) => {
    if (isWithin(name, domain)) return 'inside'
    if (kind === 'permitted' || host === name) return 'outside'
    // *.a.example covers b.a.example: excluding the one name touches the wildcard
    return answer(domain.endsWith(`.${host}`) && domain.indexOf('.') === domain.length - host.length - 1)
  }
}

function isWithin(host: string, domain: string): boolean {
  if (domain === '') return true
  return host.endsWith(domain) && (host.length === domain.length || host[host.length - domain.length - 1] === '.')
}

// a mailbox, all mailboxes of one host, or all mailboxes below a domain; the local part is compared as it stands
function mailboxMatcher(text: string): (subtree: Subtree) => Match {
  const mailbox = parseMailbox(text)
  if (mailbox === undefined) return unclear
  const host = mailbox.host.toLowerCase()
  return ({ local, domain = '' }) =>
    answer(local === undefined ? isHostOrBelow(host, domain) : local === mailbox.local && domain === host)
}

// a host, or with a leading dot everything below it: unlike for DNS names, a host does not stand for what is below it
function isHostOrBelow(host: string, domain: string): boolean {
  return domain === '' || (domain.startsWith('.') ? host.endsWith(domain) : host === domain)
}

// A URI without "an authority component with a host name specified as a fully qualified domain name" MUST be rejected
function uriMatcher(text: string): (subtree: Subtree) => Match {
  const host = hostOfUri(text)
  return host === undefined ? unclear : ({ domain = '' }) => answer(isHostOrBelow(host, domain))
}

// address and mask of the same family; there are no names of the other family in this subtree
function matchAddress(address: Buffer, range: Buffer): Match {
  if (range.length !== address.length * 2) return 'outside'
  for (let i = 0; i < address.length; i++) {
    if (((address[i]! ^ range[i]!) & range[address.length + i]!) !== 0) return 'outside'
  }
  return 'inside'
}

function matchDirectoryName(name: readonly string[], base: readonly string[]): Match {
  return answer(base.length <= name.length && base.every((rdn, i) => rdn === name[i]))
}
