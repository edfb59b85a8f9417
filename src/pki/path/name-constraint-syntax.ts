import type { Certificate } from '../x509/certificate.ts'
import type { GeneralName } from '../x509/general-name.ts'
import { nameConstraints } from '../x509/name-constraints.ts'
import { type Untrusted, untrusted } from './verdict.ts'

/** RFC 5280 section 4.2.1.10: a constraint that nobody can understand constrains nothing, so it is not let through. */
export function checkConstraintSyntax(certificate: Certificate): Untrusted | undefined {
  const constraints = nameConstraints(certificate)
  if (constraints === undefined) return undefined
  for (const base of [...constraints.permitted, ...constraints.excluded]) {
    if (!wellFormed(base)) {
      const shown = 'value' in base ? ` "${base.value}"` : ''
      return untrusted('certificate_malformed', `the ${base.type}${shown} is no name constraint`, certificate)
    }
  }
  return undefined
}

function wellFormed(base: GeneralName): boolean {
  switch (base.type) {
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return isDomainConstraint(base.value)
    case 'rfc822Name':
      return isDomainConstraint(base.value) || parseMailbox(base.value) !== undefined
    default:
      return true
  }
}

/** A host, a domain with a dot in front, or nothing at all, which means every name. */
function isDomainConstraint(text: string): boolean {
  return text === '' || isHostName(text.startsWith('.') ? text.slice(1) : text)
}

const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/

/** RFC 1034 section 3.5 with the underscores that are in use: labels, no empty one, so no dot at either end. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every(part => label.test(part))
}

const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/** RFC 2821 Mailbox without quoting: a quoted local part can hold an `@`, and nobody has one. */
export function parseMailbox(text: string): { local: string; host: string } | undefined {
  const at = text.indexOf('@')
  const local = text.slice(0, Math.max(at, 0))
  const host = text.slice(at + 1)
  return dotAtom.test(local) && isHostName(host) ? { local, host } : undefined
}
