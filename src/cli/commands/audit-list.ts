import { CodedError } from '../../errors.ts'
import { listAudit } from '../../telemetry/audit/list.ts'
import type { AuditFields, AuditRecord } from '../../telemetry/audit/record.ts'
import { auditFileArguments, auditFileOptions, auditFiles } from '../audit-files.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['audit', 'list'],
  summary: 'Lists audit records',
  description:
    'The last ones that pass every filter; with --json all of them, one JSON object a line. Whether they are genuine is for `audit verify` to say.',
  arguments: auditFileArguments,
  options: {
    user: { flags: '--user <NAME>', describe: 'of this user' },
    code: { flags: '--code <CODE>', describe: 'refused with this code' },
    kind: { flags: '--kind <KIND>', describe: 'of this kind: access-granted, access-refused, user-changed, …' },
    request: { flags: '--request <ID>', describe: 'of this request, by the requestId that its refusal named' },
    since: { flags: '--since <TIME>', describe: 'from then on: 2026-01-31, 2026-01-31T12:00Z, or 90m, 12h, 7d ago' },
    until: { flags: '--until <TIME>', describe: 'before then' },
    last: { flags: '--last <N>', describe: 'at most so many (default: 100; with --json: all)' },
    ...auditFileOptions,
    ...jsonOption,
  },
  examples: [
    'countersign audit list --user alice --since 7d',
    'countersign audit list --code certificate_expired --json',
    'countersign audit list --request 01JH8M3Z',
  ],
  async run(ctx) {
    const { terminal, clock } = ctx
    const { user, code, kind, request: requestId, since, until, last, json } = ctx.options
    const now = clock.now()
    const filter = { user, code, kind, requestId, since: timeOf(since, now), until: timeOf(until, now) }
    const limit = last === undefined ? (json ? Number.POSITIVE_INFINITY : 100) : countOf(last)
    const kept: AuditRecord[] = []
    let passed = 0
    for (const file of await auditFiles(ctx)) {
      for await (const record of listAudit(file, filter)) {
        passed++
        if (limit === Number.POSITIVE_INFINITY) terminal.jsonLine(flat(record))
        else kept.push(record)
        if (kept.length > limit) kept.shift()
      }
    }
    if (json) for (const record of kept) terminal.jsonLine(flat(record))
    else if (kept.length > 0) terminal.table(['TIME', 'KIND', 'WHO', 'FROM', 'WHAT'], kept.map(row))
    if (passed > kept.length && kept.length > 0)
      terminal.note(`The last ${kept.length} of ${passed}. See more with --last.`)
    if (passed === 0) terminal.note('No record passes.')
    return exit.yes
  },
})

/** As it stands in the file. */
function flat({ sequence, time, kind, fields, previous, hash }: AuditRecord) {
  return { sequence, time, kind, ...fields, previous, hash }
}

function row({ time, kind, fields }: AuditRecord): string[] {
  const { user, remoteAddress } = fields
  const subject = (fields.certificate as AuditFields | null | undefined)?.subject
  return [time, kind, text(user ?? subject), text(remoteAddress), what(kind, fields)].map(plain)
}

const shown = new Set(['user', 'certificate', 'remoteAddress', 'requestId', 'tenant', 'binding', 'detail'])

function what(kind: string, fields: AuditFields): string {
  if (kind === 'access-granted') return `${fields.method} ${fields.path} by ${fields.authenticatedBy}`
  if (kind === 'access-refused') return `${fields.code}: ${fields.method} ${fields.path}`
  const rest = Object.entries(fields).filter(([name]) => !shown.has(name))
  return rest.map(([name, value]) => `${name}=${text(value)}`).join(' ')
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function timeOf(given: string | undefined, now: number): number | undefined {
  if (given === undefined) return undefined
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/u.exec(given) ?? []
  const time = count === undefined ? Date.parse(given) : now - Number(count) * units[unit]!
  if (!Number.isNaN(time)) return time
  throw new CodedError('ERR_CLI_USAGE', `${given} is no time`, {
    remedy: 'Write a date (2026-01-31), a time (2026-01-31T12:00Z), or how long ago (90m, 12h, 7d).',
  })
}

function countOf(given: string): number {
  const count = Number(given)
  if (Number.isSafeInteger(count) && count > 0 && count <= 1_000_000) return count
  throw new CodedError('ERR_CLI_USAGE', `${given} is no number of records`, {
    remedy: 'Write a number from 1 to 1000000.',
  })
}
