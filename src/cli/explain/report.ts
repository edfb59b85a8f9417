import { problemEntries } from '../../endpoints/problems/problem-page.ts'
import type { Consideration } from '../../identity/bindings/candidates.ts'
import { defaultTenant } from '../../identity/users/user.ts'
import { pathChecks, type TracedCheck } from '../../pki/path/trace.ts'
import type { RevocationPolicy } from '../../pki/revocation/policy.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { expiry } from '../expiry.ts'
import { plain, type Terminal } from '../terminal.ts'
import type { Explained } from './explanation.ts'

type Mark = 'good' | 'bad' | 'none'

/** The decision for people: what comes of it and why first, then each step in the order in which the server takes it. */
export function printExplanation(explained: Explained, terminal: Terminal): void {
  const print = (mark: Mark, text: string, indent = '  ') => terminal.print(`${indent}${sign(mark, terminal)} ${text}`)
  const title = (text: string) => terminal.print(`\n${terminal.style('bold', text)}`)
  tellOutcome(explained, terminal)

  title(`Certificate ${name(explained.certificate)}`)
  print('none', `thumbprint ${explained.certificate.thumbprint}`)
  print('none', `serial ${explained.certificate.serialNumber}`)
  print('none', validity(explained.certificate, explained.at, terminal))

  const { verdict, listener } = explained
  title(
    `Trust at the listener ${listener.name} (clientAuth: ${listener.clientAuth}, onUntrusted: ${listener.onUntrusted})`,
  )
  if (verdict.ok) {
    const kind = verdict.pinned ? 'is itself an entry of the trust store' : `ends at the trust anchor`
    print('good', `${kind}: ${plain(verdict.anchor.alias)}; holds until ${new Date(verdict.validUntil).toISOString()}`)
  } else print('bad', `${plain(verdict.detail)} (${verdict.code})`)
  for (const [certificate, checks] of byCertificate(explained)) {
    terminal.print(`    ${name(certificate)}`)
    for (const { check, failure } of checks)
      print(failure ? 'bad' : 'good', checkText(check, failure, terminal), '      ')
  }
  print('none', revocationText(explained.revocation), '    ')
  for (const source of explained.asked) print('none', plain(source), '    ')

  title('Allow-list')
  if (explained.allowListed === undefined) print('none', 'off')
  else
    print(
      explained.allowListed ? 'good' : 'bad',
      explained.allowListed ? 'the thumbprint is on it' : 'the thumbprint is not on it',
    )

  title('Bindings')
  tellBindings(explained, print)

  title('User')
  if (explained.users.length === 0) print('none', 'none is named')
  for (const { name, tenant, user } of explained.users) {
    const called = plain(tenant === defaultTenant ? name : `${name} (tenant ${tenant})`)
    if (user === undefined) print('bad', `${called}: there is no such user`)
    else if (user.tenantState !== 'active') print('bad', `${called}: the tenant is not active`)
    else print(user.state === 'active' ? 'good' : 'bad', `${called}: ${user.state}, ${rolesText(user.roles)}`)
  }

  if (explained.route === undefined) return
  title(`Path ${plain(explained.route.path)}`)
  tellRoute(explained, print)
}

type Print = (mark: Mark, text: string, indent?: string) => void

function tellOutcome({ outcome, route }: Explained, terminal: Terminal): void {
  const where = route === undefined ? 'is let in' : `may use ${plain(route.path)}`
  if (outcome.ok) {
    const { user, tenant, binding } = outcome.principal
    const headline = `${plain(user)} (tenant ${plain(tenant)}) ${where}, by ${plain(binding ?? '')}.`
    terminal.print(`${sign('good', terminal)} ${terminal.style('bold', headline)}`)
    return
  }
  const { title, remedy } = problemEntries[outcome.code]
  terminal.print(`${sign('bad', terminal)} ${terminal.style('bold', `${title}: ${plain(outcome.detail)}`)}`)
  terminal.print(`  ${remedy}`)
  terminal.print(terminal.style('dim', `  (${outcome.code})`))
}

function tellBindings({ bindings, verdict }: Explained, print: Print): void {
  if (bindings === undefined) {
    const why = verdict.ok ? 'the allow-list decides' : 'the certificate is not trusted'
    print('none', `not looked at: ${why}`)
    return
  }
  if (bindings.ok) {
    for (const { binding, tenant, users } of [bindings, ...bindings.elsewhere]) {
      const who = users === '*' ? 'any user that the client names' : users.join(', ')
      print('good', `${plain(binding)} decides: ${plain(who)} (tenant ${plain(tenant)})`)
    }
  } else print('bad', `${plain(bindings.detail)} (${bindings.code})`)
  for (const each of bindings.considered) print(markOf(each), considerationText(each), '    ')
  if (bindings.considered.length === 0) print('none', 'no binding looks for this certificate', '    ')
}

function markOf({ outcome }: Consideration): Mark {
  if (outcome === 'decides') return 'good'
  return outcome === 'refuses' ? 'bad' : 'none'
}

function considerationText({ binding, id, level, outcome, reason }: Consideration): string {
  const where = id === undefined ? 'configured' : `stored as ${id}`
  return plain(`${binding} (${where}, level ${level}): ${outcome}${reason === '' ? '' : `, ${reason}`}`)
}

function tellRoute({ route, outcome }: Explained, print: Print): void {
  const { kind, pattern, access } = route!
  if (kind === 'none') print('bad', 'no route leads there: 404')
  if (kind === 'public') print('none', `${pattern} is for everybody, with or without a certificate`)
  if (kind === 'none' || kind === 'public') return
  print('none', `route ${plain(pattern)}${kind === 'built in' ? ' (built in)' : ''}`)
  print('none', `takes ${access.require?.join(', ') ?? 'every way to sign in that is enabled'}`)
  const { roles = [], users = [], tenants = [] } = access.allow ?? {}
  if (access.allow === undefined) print('none', 'lets in everybody who was identified')
  else {
    const wanted = [...roles.map(each => `role ${each}`), ...users.map(each => `user ${each}`)]
    print('none', plain(`lets in ${wanted.join(', ')} of tenant ${tenants.join(', ')}`))
  }
  if (outcome.ok) print('good', 'lets this user in')
  else if (outcome.code === 'forbidden') print('bad', plain(outcome.detail))
}

/** The checks of each certificate, in the order of the path; of checks that were made twice the last. A question that nobody asks is none. */
export function byCertificate({
  certificate,
  verdict,
  checks,
  revocation,
}: Explained): Map<Certificate, TracedCheck[]> {
  const order = verdict.ok ? verdict.path : [certificate]
  const found = new Map<string, { certificate: Certificate; checks: Map<string, TracedCheck> }>()
  for (const each of order) found.set(each.thumbprint, { certificate: each, checks: new Map() })
  for (const step of checks) {
    if (step.check === 'revocation' && revocation.mode === 'off' && step.failure === undefined) continue
    const known = found.get(step.certificate.thumbprint) ?? { certificate: step.certificate, checks: new Map() }
    known.checks.set(step.check, step)
    found.set(step.certificate.thumbprint, known)
  }
  return new Map([...found.values()].map(each => [each.certificate, [...each.checks.values()]]))
}

function checkText(check: string, failure: TracedCheck['failure'], terminal: Terminal): string {
  const { title, section } = pathChecks[check as keyof typeof pathChecks]
  const source = terminal.style('dim', section)
  return failure === undefined
    ? `${title.padEnd(27)}${source}`
    : `${title.padEnd(27)}${plain(failure.detail)}  ${source}`
}

function validity(certificate: Certificate, at: number, terminal: Terminal): string {
  const text = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z')
  const { notBefore, notAfter } = certificate
  return `valid ${text(notBefore)} to ${text(notAfter)} (${expiry(terminal, notAfter, at)})`
}

function revocationText({ mode, order, depth }: RevocationPolicy): string {
  if (mode === 'off') return 'revocation is not asked about (revocation.mode: off)'
  const whose = depth === 'chain' ? 'every certificate of the path' : 'the certificate at its end'
  return `revocation: ${mode}, of ${whose}, by ${order.join(', then ')}`
}

function rolesText(roles: readonly string[]): string {
  return roles.length === 0 ? 'no roles' : `roles ${plain(roles.join(', '))}`
}

function name(certificate: Certificate): string {
  return plain(String(certificate.subject)) || '(no subject)'
}

function sign(mark: Mark, terminal: Terminal): string {
  if (mark === 'none') return ' '
  return mark === 'good' ? terminal.style('green', '✓') : terminal.style('red', '✗')
}
