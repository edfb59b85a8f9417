import { CodedError } from '../../errors.ts'
import { headText, parseHead } from '../../telemetry/audit/head-file.ts'
import type { Head } from '../../telemetry/audit/record.ts'
import { verifyAudit } from '../../telemetry/audit/verify.ts'
import { auditFileArguments, auditFileOptions, auditFiles } from '../audit-files.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['audit', 'verify'],
  summary: 'Checks that no audit record was changed, removed, reordered or cut off',
  description:
    'Answers with exit code 1 and the first bad record. Whoever can write the audit file and its head file could write both anew: a head that you kept elsewhere (the log tells it at every start and stop and each hour) shows that, too.',
  arguments: auditFileArguments,
  options: {
    head: {
      flags: '--head <SEQUENCE:HASH>',
      describe: 'the files must contain this record; may be given several times',
      repeat: true,
    },
    after: {
      flags: '--after <SEQUENCE:HASH>',
      describe: 'the record before the first file, when the file with it is not at hand',
    },
    ...auditFileOptions,
    ...jsonOption,
  },
  examples: ['countersign audit verify', 'countersign audit verify audit-2026.jsonl audit.jsonl --head 1284:9f2c…'],
  async run(ctx) {
    const { head, after, json } = ctx.options
    const { terminal } = ctx
    const verdict = await verifyAudit(await auditFiles(ctx), {
      heads: head.map(headOf),
      ...(after === undefined ? {} : { after: headOf(after) }),
    })
    if (json) {
      terminal.json(verdict)
    } else if (!verdict.ok) {
      const place = verdict.line === undefined ? '' : `, line ${verdict.line}`
      terminal.print(`${terminal.style('red', verdict.reason)}: ${plain(verdict.file)}${place}: ${verdict.detail}`)
    } else {
      for (const note of verdict.notes) terminal.note(plain(note))
      const head = verdict.last ? `, head ${headText(verdict.last)}` : ''
      terminal.print(`${terminal.style('green', 'intact')}: ${verdict.records} records${head}`)
    }
    return verdict.ok ? exit.yes : exit.no
  },
})

function headOf(text: string): Head {
  const head = parseHead(text)
  if (head) return head
  throw new CodedError('ERR_CLI_USAGE', `${text} is no head of an audit file`, {
    remedy: 'Write it as it was told: the sequence number, a colon, and 64 hexadecimal digits.',
  })
}
