import type { Conversation } from '../../diagnosis/conversation.ts'
import type { Diagnosis } from '../../diagnosis/diagnose.ts'
import { alertText } from '../../diagnosis/find-cause.ts'
import { alerts } from '../../diagnosis/handshake/numbers.ts'
import { suiteName } from '../../diagnosis/handshake/suites.ts'
import type { Whoami } from '../../diagnosis/http-answer.ts'
import type { Taken } from '../../diagnosis/probe.ts'
import { requestText } from '../../diagnosis/request-text.ts'
import { targetText } from '../../diagnosis/target.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { expiry } from '../expiry.ts'
import { plain, type Terminal } from '../terminal.ts'

type Mark = 'good' | 'bad' | 'none'
type Row = readonly [mark: Mark, label: string, text: string]

/** The diagnosis for a person in a hurry: the cause and what to do first, then what each side showed. */
export function printReport(
  diagnosis: Diagnosis,
  { client, trust, now }: { client: string | undefined; trust: string; now: number },
  terminal: Terminal,
): void {
  const { cause, target } = diagnosis
  if (cause === undefined) {
    terminal.print(`${sign('good', terminal)} ${terminal.style('bold', `${targetText(target)} is fine.`)}`)
  } else {
    terminal.print(`${sign('bad', terminal)} ${terminal.style('bold', plain(cause.sentence))}`)
    terminal.print(`  ${plain(cause.remedy)}`)
    terminal.print(terminal.style('dim', `  (${cause.code})`))
  }
  section(`Server ${targetText(target)}`, serverRows(diagnosis, trust, now, terminal), terminal)
  if (client !== undefined) section(`Client ${plain(client)}`, clientRows(diagnosis), terminal)
  section('Handshake', handshakeRows(diagnosis), terminal)
}

function section(title: string, rows: readonly Row[], terminal: Terminal): void {
  const width = Math.max(...rows.map(([, label]) => label.length))
  terminal.print(`\n${terminal.style('bold', title)}`)
  for (const [mark, label, text] of rows) {
    terminal.print(`  ${sign(mark, terminal)} ${terminal.style('dim', label.padEnd(width))}  ${text}`)
  }
}

function sign(mark: Mark, terminal: Terminal): string {
  if (mark === 'none') return ' '
  return mark === 'good' ? terminal.style('green', '✓') : terminal.style('red', '✗')
}

function serverRows(diagnosis: Diagnosis, trust: string, now: number, terminal: Terminal): Row[] {
  const { conversation, server, taken, target } = diagnosis
  const { address, flight, failure } = conversation
  if (address === undefined) return [['bad', 'reached', plain(failure?.message ?? 'no')]]
  const rows: Row[] = [['good', 'reached', `${address} port ${target.port}`], ...protocolRows(conversation)]
  rows.push(...taken.flatMap(takenRows))
  if (server === undefined) return [...rows, ['none', 'certificate', 'none was seen']]
  const { chain, names, nameFits, verdict } = server
  for (const [i, certificate] of chain.entries()) {
    const current = now >= certificate.notBefore && now <= certificate.notAfter
    rows.push([
      current ? 'good' : 'bad',
      i === 0 ? 'certificate' : 'sent along',
      certificateText(certificate, now, terminal),
    ])
  }
  rows.push([nameFits ? 'good' : 'bad', 'names', `${plain(names.join(', ')) || 'none'}; asked for ${target.name}`])
  const by = `by ${plain(trust)}`
  if (verdict?.ok) rows.push(['good', 'path', `ends at ${plain(verdict.anchor.alias)}, judged ${by}`])
  else rows.push(['bad', 'path', `${plain(verdict?.detail ?? 'the certificate cannot be read')} (judged ${by})`])
  rows.push(['none', 'asks for', flight.complete ? plain(requestText(flight.request)) : 'it did not come that far'])
  for (const name of (flight.request?.authorities ?? []).slice(0, 20)) rows.push(['none', '', plain(String(name))])
  return rows
}

function protocolRows({ agreed, flight }: Conversation): Row[] {
  if (agreed !== undefined) return [['good', 'agreed on', `${agreed.protocol}, ${agreed.suite}`]]
  return flight.hello === undefined
    ? [['bad', 'agreed on', 'nothing']]
    : [['none', 'chose', suiteName(flight.hello.suite)]]
}

// Two names fit beside each other on most screens.
function takenRows({ protocol, suites, complete }: Taken): Row[] {
  const names = [...suites.map(suite => suite.replace(/^TLS_/u, '')), ...(complete ? [] : ['…'])]
  const rows: Row[] = []
  for (let i = 0; i < names.length; i += 2) {
    const text = names.slice(i, i + 2).join(' ')
    rows.push(['none', i === 0 ? 'takes' : '', `${i === 0 ? `${protocol}:` : '        '} ${text}`])
  }
  return rows
}

function certificateText(certificate: Certificate, now: number, terminal: Terminal): string {
  const subject = plain(String(certificate.subject)) || '(no subject)'
  const days = (time: number) => new Date(time).toISOString().slice(0, 10)
  const left = certificate.notBefore > now ? 'not yet' : expiry(terminal, certificate.notAfter, now)
  return `${subject}, ${days(certificate.notBefore)} to ${days(certificate.notAfter)} (${left})`
}

function clientRows({ client = [] }: Diagnosis): Row[] {
  return client.map(({ check, fits, text }) => [markOf(fits), check, plain(text)])
}

function markOf(fits: boolean | undefined): Mark {
  if (fits === undefined) return 'none'
  return fits ? 'good' : 'bad'
}

function handshakeRows({ conversation }: Diagnosis): Row[] {
  const { agreed, failure, answer, foreign } = conversation
  if (foreign !== undefined) return [['bad', 'handshake', 'the server answered, but not in TLS']]
  if (failure?.stage === 'connect') return [['none', 'handshake', 'it did not come to one']]
  const rows: Row[] = []
  if (agreed === undefined) rows.push(['bad', 'handshake', failureText(conversation)])
  else rows.push(['good', 'handshake', 'done, from the side of the client'])
  if (agreed !== undefined && failure !== undefined) rows.push(['bad', 'first read', failureText(conversation)])
  if (answer !== undefined) {
    const { status, reason, problem } = answer
    const refused = problem !== undefined && status !== 404
    rows.push([
      refused || status >= 400 ? (status === 404 ? 'none' : 'bad') : 'good',
      'GET /whoami',
      `${status} ${plain(reason)}`,
    ])
    if (answer.whoami !== undefined) rows.push(['none', 'you are', plain(whoamiText(answer.whoami))])
    if (refused) rows.push(['none', 'it says', `${plain(problem.code)}: ${plain(problem.detail)}`])
    if (refused)
      rows.push(['none', 'request', `${plain(problem.requestId)} (there: countersign cert explain --request ID)`])
  }
  return rows
}

function whoamiText({ user, authenticatedBy, binding }: Whoami): string {
  return `${user}, by ${authenticatedBy}${binding === null ? '' : ` (${binding})`}`
}

function failureText({ failure }: Conversation): string {
  if (failure?.alert !== undefined)
    return `alert ${alertText(failure.alert)}: ${alerts.get(failure.alert)?.words ?? plain(failure.message)}`
  return plain(failure?.message ?? 'nothing came')
}
