import type { GeneralName } from '../x509/general-name.ts'
import { rdnMatchKeys } from '../x509/name-match.ts'
import { isHostName, parseMailbox } from './name-constraint-syntax.ts'

/**
 * Whether a name lies inside the subtree of a constraint of the same type (RFC 5280 section 4.2.1.10).
 * `unclear` when the name is no proper name of its type, or the type is none that this function knows: then nothing may be concluded
 * from it, in either direction. A wildcard lies inside a permitted subtree when all its names do, and inside an excluded one when any does.
 */
export type Match = 'inside' | 'outside' | 'unclear'
export type Subtree = 'permitted' | 'excluded'

export function matchName(name: GeneralName, base: GeneralName, subtree: Subtree): Match {
  if (name.type === 'dNSName' && base.type === 'dNSName') return matchDns(name.value, base.value, subtree)
  if (name.type === 'rfc822Name' && base.type === 'rfc822Name') return matchMailbox(name.value, base.value)
  if (name.type === 'uniformResourceIdentifier' && base.type === 'uniformResourceIdentifier') {
    return matchUri(name.value, base.value)
  }
  if (name.type === 'iPAddress' && base.type === 'iPAddress') return matchAddress(name.octets, base.octets)
  if (name.type === 'directoryName' && base.type === 'directoryName') {
    return matchDirectoryName(rdnMatchKeys(name.name), rdnMatchKeys(base.name))
  }
  return 'unclear'
}

const answer = (inside: boolean): Match => (inside ? 'inside' : 'outside')

// "constructed by simply adding zero or more labels to the left-hand side"; a leading dot, which RFC 5280 does not have for this
// type, but certificates do, means one or more
function matchDns(text: string, base: string, subtree: Subtree): Match {
  const name = text.toLowerCase()
  const domain = base.toLowerCase()
  const host = name.startsWith('*.') ? name.slice(2) : name
  if (!isHostName(host)) return 'unclear'
  if (isWithin(name, domain)) return 'inside'
  // *.a.example covers b.a.example: excluding the one name touches the wildcard
  const covered =
    host !== name && domain.endsWith(`.${host}`) && domain.indexOf('.') === domain.length - host.length - 1
  return answer(subtree === 'excluded' && covered && !domain.startsWith('.'))
}

function isWithin(host: string, domain: string): boolean {
  if (domain === '') return true
  if (domain.startsWith('.')) return host.endsWith(domain)
  return host === domain || host.endsWith(`.${domain}`)
}

// a mailbox, all mailboxes of one host, or all mailboxes below a domain; the local part is compared as it stands
function matchMailbox(text: string, base: string): Match {
  const mailbox = parseMailbox(text)
  if (mailbox === undefined) return 'unclear'
  const host = mailbox.host.toLowerCase()
  const wanted = parseMailbox(base)
  if (wanted !== undefined) return answer(wanted.local === mailbox.local && wanted.host.toLowerCase() === host)
  return answer(isHostOrBelow(host, base.toLowerCase()))
}

// a host, or with a leading dot everything below it: unlike for DNS names, a host does not stand for what is below it
function isHostOrBelow(host: string, base: string): boolean {
  return base === '' || (base.startsWith('.') ? host.endsWith(base) : host === base)
}

const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?([A-Za-z0-9._-]+)(?::[0-9]*)?(?:[/?#]|$)/i

// "If the constraint is applied to … a URI that does not include an authority component with a host name specified as a fully
// qualified domain name …, then the application MUST reject the certificate."
function matchUri(text: string, base: string): Match {
  const host = authority.exec(text)?.[1]?.toLowerCase()
  if (host === undefined || !isHostName(host) || /(^|\.)[0-9]+$/.test(host)) return 'unclear'
  return answer(isHostOrBelow(host, base.toLowerCase()))
}

// address and mask of the same family; there are no names of the other family in this subtree
function matchAddress(address: Buffer, range: Buffer): Match {
  if (range.length !== address.length * 2) return 'outside'
  return answer(address.every((octet, i) => ((octet ^ range[i]!) & range[address.length + i]!) === 0))
}

function matchDirectoryName(name: readonly string[], base: readonly string[]): Match {
  return answer(base.length <= name.length && base.every((rdn, i) => rdn === name[i]))
}
