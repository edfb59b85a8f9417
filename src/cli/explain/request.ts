import { explanations } from '../../endpoints/problems/explanations.ts'
import { problemEntries } from '../../endpoints/problems/problem-page.ts'
import { listAudit } from '../../telemetry/audit/list.ts'
import type { AuditFields, AuditRecord } from '../../telemetry/audit/record.ts'
import { plain, type Terminal } from '../terminal.ts'

/** The last record about a request; undefined when there is none. */
export async function findRequest(files: readonly string[], requestId: string): Promise<AuditRecord | undefined> {
  let found: AuditRecord | undefined
  for (const file of files) for await (const record of listAudit(file, { requestId })) found = record
  return found
}

/** What an audit record says of a request, with what its code means and what to do. */
export function requestJson({ time, kind, fields }: AuditRecord) {
  const entry = entryOf(fields.code)
  return { time, kind, ...fields, title: entry?.title ?? null, remedy: entry?.remedy ?? null }
}

export function printRequest({ time, kind, fields }: AuditRecord, terminal: Terminal): void {
  const code = text(fields.code)
  const entry = entryOf(fields.code)
  const granted = kind === 'access-granted'
  const headline = granted
    ? `${text(fields.user)} was let in by ${text(fields.authenticatedBy)}.`
    : `${entry?.title ?? code}: ${text(fields.detail)}`
  terminal.print(
    `${granted ? terminal.style('green', '✓') : terminal.style('red', '✗')} ${terminal.style('bold', plain(headline))}`,
  )
  if (entry !== undefined) {
    terminal.print(`  caller: ${entry.remedy}`)
    terminal.print(`  administrator: ${entry.administrator}`)
    terminal.print(terminal.style('dim', `  (${code})`))
  }
  terminal.print(`\n${terminal.style('bold', 'What happened')}`)
  const rows: [string, string][] = [
    ['when', time],
    ['request', `${text(fields.method)} ${text(fields.path)}`],
    ['from', text(fields.remoteAddress)],
  ]
  if (granted) rows.push(['binding', text(fields.binding)])
  for (const [label, value] of rows) terminal.print(`  ${terminal.style('dim', label.padEnd(10))}  ${plain(value)}`)
  terminal.print(`\n${terminal.style('bold', 'What was presented')}`)
  const certificate = fields.certificate as AuditFields | null | undefined
  if (!certificate) {
    terminal.print('  no client certificate')
    return
  }
  for (const [label, key] of [
    ['subject', 'subject'],
    ['issuer', 'issuer'],
    ['serial', 'serialNumber'],
    ['thumbprint', 'thumbprint'],
  ] as const) {
    terminal.print(`  ${terminal.style('dim', label.padEnd(10))}  ${plain(text(certificate[key]))}`)
  }
}

function entryOf(code: unknown) {
  if (typeof code !== 'string' || !Object.hasOwn(problemEntries, code)) return undefined
  const known = code as keyof typeof problemEntries
  return { ...problemEntries[known], administrator: explanations[known].administrator }
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
