import { openMaterial } from '../../config/material.ts'
import { CodedError } from '../../errors.ts'
import { everyBinding } from '../../identity/bindings/every-binding.ts'
import { createSqlBindingStore } from '../../identity/bindings/sql-binding-store.ts'
import { listAudit } from '../../telemetry/audit/list.ts'
import { administer } from '../administration.ts'
import { auditFiles } from '../audit-files.ts'
import { type Context, defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { loadForCommand } from '../serving.ts'
import { plain, type Terminal } from '../terminal.ts'
import { type DependentBinding, type Impact, outcomeOf, type Seen, withoutAnchor } from '../trust/impact.ts'

const impactArguments = {
  alias: { name: '<ALIAS>', describe: 'alias of the trust store entry that would go' },
} as const
const impactOptions = {
  days: { flags: '--days <N>', describe: 'look at the certificates that were let in so many days back (default: 30)' },
  ...configurationOptions,
  ...jsonOption,
} as const

type ImpactContext = Context<typeof impactArguments, typeof impactOptions>

export const command = defineCommand({
  name: ['trust', 'impact'],
  summary: 'Says who would lose their way in if a trust anchor were removed',
  description: `Changes nothing. Tells which certificates of the audit record were let in by a path that ends at this anchor and would have none
without it, which keep one by another entry of the same trust stores, and which bindings ask for the anchor by its alias. Whoever did not come in
that time is not in the record. Exits with 1 when somebody would lose their way in, or a binding its anchor.`,
  arguments: impactArguments,
  options: impactOptions,
  examples: ['countersign trust impact partners', 'countersign trust impact old-ca --days 90 --json'],
  async run(ctx) {
    const { terminal, options, clock } = ctx
    const days = daysOf(options.days)
    const loaded = await loadForCommand(ctx)
    const { alias } = ctx.arguments
    const { gone, left } = withoutAnchor(await openMaterial(loaded, clock), alias)
    const certificates = await seenSince(ctx, clock.now() - days * 86_400_000, record => outcomeOf(record, gone, left))
    const configured = loaded.value.authenticators['mutual-tls'].bindings.map(each => ({
      id: undefined,
      options: each,
    }))
    const bindings = [...configured, ...(await storedBindings(ctx))].filter(each => each.options.anchor === alias)
    const impact = { anchors: gone, certificates, bindings }
    if (options.json) terminal.json(impactJson(impact, days))
    else print(impact, days, terminal)
    return bindings.length > 0 || certificates.some(({ outcome }) => outcome !== 'keeps') ? exit.no : exit.yes
  },
})

function daysOf(given: string | undefined): number {
  const days = Number(given ?? 30)
  if (Number.isSafeInteger(days) && days > 0 && days <= 36_500) return days
  throw new CodedError('ERR_CLI_USAGE', `${given} is no number of days`, { remedy: 'Write a number from 1 to 36500.' })
}

/** The last record of each certificate and user, those that lose first. */
async function seenSince(
  ctx: ImpactContext,
  since: number,
  judge: (record: Parameters<typeof outcomeOf>[0]) => ReturnType<typeof outcomeOf>,
): Promise<Seen[]> {
  const seen = new Map<string, Seen>()
  for (const file of await auditFiles({ ...ctx, arguments: { files: [] } })) {
    for await (const record of listAudit(file, { kind: 'access-granted', since })) {
      const { certificate, user, tenant } = record.fields
      if (certificate === null || certificate === undefined) continue
      const { thumbprint, subject } = certificate as { thumbprint: string; subject: string }
      const key = JSON.stringify([thumbprint, tenant, user])
      const outcome = judge(record)
      if (outcome === undefined) seen.delete(key)
      else {
        const who = { user: String(user), tenant: String(tenant) }
        seen.set(key, { thumbprint, subject, ...who, last: record.time, ...outcome })
      }
    }
  }
  return [...seen.values()].toSorted((one, other) => order.indexOf(one.outcome) - order.indexOf(other.outcome))
}

const order: readonly Seen['outcome'][] = ['loses', 'cannot be told', 'keeps']

function storedBindings(ctx: ImpactContext): Promise<DependentBinding[]> {
  return administer(ctx, 'reads', ({ storage }) =>
    Array.fromAsync(everyBinding(createSqlBindingStore(storage, ctx.clock))),
  )
}

function print({ anchors, certificates, bindings }: Impact, days: number, terminal: Terminal): void {
  for (const { alias, certificate } of anchors)
    terminal.note(`Without ${plain(alias)} (${plain(certificate.subject.toString())}):`)
  if (certificates.length === 0) terminal.note(`No certificate that was let in by it in ${days} days is on record.`)
  else {
    const rows = certificates.map(({ subject, user, tenant, last, outcome, by }) => [
      by === undefined ? outcome : `${outcome} (${by})`,
      subject,
      tenant === 'default' ? user : `${tenant}/${user}`,
      last.slice(0, 10),
    ])
    terminal.table(
      ['PATH', 'CERTIFICATE', 'USER', 'LAST SEEN'],
      rows.map(row => row.map(plain)),
    )
  }
  for (const { id, options } of bindings) {
    const users = options.users?.join(', ') ?? `from ${options.user?.from}`
    terminal.note(`The binding ${id ?? 'of the configuration'} asks for this anchor: ${plain(users)}`)
  }
}

function impactJson({ anchors, certificates, bindings }: Impact, days: number) {
  return {
    days,
    anchors: anchors.map(({ alias, certificate: { thumbprint, subject } }) => ({
      alias,
      thumbprint,
      subject: subject.toString(),
    })),
    certificates: certificates.map(({ by, ...each }) => ({ ...each, by: by ?? null })),
    bindings: bindings.map(({ id, options }) => ({ id: id ?? null, ...options })),
  }
}
