import { publishCrl } from '../../pki/authority/publish-crl.ts'
import { writePem } from '../../pki/x509/pem.ts'
import { accessAuthority, authorityFolder, authorityOptions } from '../authority-access.ts'
import { defineCommand, exit } from '../command.ts'
import { yesOption } from '../confirm.ts'
import { daysOf } from '../self-signed.ts'
import { writeOutput } from '../write-output.ts'

export const command = defineCommand({
  name: ['authority', 'crl'],
  summary: 'Publishes a new list of revoked certificates',
  description:
    'A list that is overdue is worse than none: servers that require one then refuse everybody. Run this at least every --days.',
  options: {
    days: { flags: '--days <N>', describe: 'days until the next list is due', default: '7' },
    out: { flags: '-o, --out <FILE>', describe: 'write it here as well (- is standard output)' },
    pem: { flags: '--pem', describe: 'as PEM there, instead of DER' },
    ...yesOption,
    ...authorityOptions,
  },
  examples: ['countersign authority crl', 'countersign authority crl --days 30 --out /srv/www/ca.crl --yes'],
  async run(ctx) {
    const { days, out, pem, yes } = ctx.options
    const authority = await accessAuthority(ctx)
    const { der, number, size, nextUpdate } = await publishCrl(authority, { at: ctx.clock.now(), days: daysOf(days) })
    const due = new Date(nextUpdate).toISOString()
    ctx.terminal.note(
      `List ${number} with ${size} ${size === 1 ? 'entry' : 'entries'}, the next is due ${due}: ${await authorityFolder(ctx)}/ca.crl`,
    )
    if (out === undefined) return exit.yes
    const bytes = pem ? Buffer.from(writePem('X509 CRL', der)) : der
    return (await writeOutput(ctx, { out, bytes, yes })) ? exit.yes : exit.no
  },
})
