import { CodedError } from '../../errors.ts'
import { auditFiles } from '../audit-files.ts'
import { type Context, defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { explain } from '../explain/explanation.ts'
import { explanationJson } from '../explain/json.ts'
import { printExplanation } from '../explain/report.ts'
import { findRequest, printRequest, requestJson } from '../explain/request.ts'
import { readCertificates } from '../read-certificates.ts'
import { readInput } from '../read-input.ts'
import { loadForCommand } from '../serving.ts'

const fileArgument = {
  file: { name: '[FILE]', describe: 'the certificate, first in its file: PEM, DER or PKCS#7' },
} as const

const explainOptions = {
  user: { flags: '--user <NAME>', describe: 'the user that the client names in its header' },
  path: { flags: '--path <PATH>', describe: 'also say whether the route of this path lets it in' },
  listener: { flags: '--listener <NAME>', describe: 'the listener it would come to (default: the first)' },
  at: { flags: '--at <TIME>', describe: 'the time of the decision, ISO 8601 (default: now)' },
  request: { flags: '--request <ID>', describe: 'explain the answer with this requestId, from the audit file' },
  ...configurationOptions,
  ...jsonOption,
} as const

type ExplainContext = Context<typeof fileArgument, typeof explainOptions>

export const command = defineCommand({
  name: ['cert', 'explain'],
  summary: 'Says what the configured server would decide about a certificate, and why',
  description: `Makes the whole decision without connecting: the path and each check on it with the section of its standard, revocation and its sources,
the allow-list, the bindings that match, the user, and the route. Further certificates in FILE count as sent along. Exits with 0 when the
certificate would be let in, with 1 when not. With --request, tells instead what the audit record says about one request.`,
  arguments: fileArgument,
  options: explainOptions,
  examples: [
    'countersign cert explain alice.crt --path /orders/7',
    'countersign cert explain alice.crt --config countersign.yaml --user ops --json',
    'countersign cert explain --request 01JH8M3Z-2f',
  ],
  async run(ctx) {
    const { options } = ctx
    const { file } = ctx.arguments
    if ((file === undefined) === (options.request === undefined)) {
      throw new CodedError('ERR_CLI_USAGE', 'name a certificate, or a request', {
        remedy: 'countersign cert explain FILE, or countersign cert explain --request ID',
      })
    }
    return options.request === undefined ? explainFile(ctx, file!) : explainRequest(ctx, options.request)
  },
})

async function explainFile(ctx: ExplainContext, file: string): Promise<number> {
  const { terminal, options, clock } = ctx
  const { user, path, listener } = options
  const chain = readCertificates(await readInput(ctx, file), file)
  const at = options.at === undefined ? undefined : timeOf(options.at)
  const explained = await explain(await loadForCommand(ctx), { chain, user, path, listener, at }, clock)
  if (options.json) terminal.json(explanationJson(explained))
  else printExplanation(explained, terminal)
  return explained.outcome.ok ? exit.yes : exit.no
}

async function explainRequest(ctx: ExplainContext, id: string): Promise<number> {
  const { terminal, options } = ctx
  const record = await findRequest(await auditFiles({ ...ctx, arguments: { files: [] } }), id)
  if (record === undefined) {
    if (options.json) terminal.json(null)
    terminal.note(
      `The audit file has no record of the request ${JSON.stringify(id)}. Repeated refusals, and everything after the first that one connection is granted, are counted and not recorded one by one: see the log.`,
    )
    return exit.no
  }
  if (options.json) terminal.json(requestJson(record))
  else printRequest(record, terminal)
  return exit.yes
}

function timeOf(text: string): number {
  const time = Date.parse(text)
  if (!Number.isNaN(time)) return time
  throw new CodedError('ERR_CLI_USAGE', `${text} is no time`, { remedy: 'Write it like 2027-01-31T12:00:00Z.' })
}
