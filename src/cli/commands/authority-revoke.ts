import { publishCrl } from '../../pki/authority/publish-crl.ts'
import { findEntry, readRegister } from '../../pki/authority/register.ts'
import { operatorReasons, revokeCertificate } from '../../pki/authority/revoke.ts'
import {
  accessAuthority,
  authorityFolder,
  authorityOptions,
  certificateArgument,
  certificateNamed,
} from '../authority-access.ts'
import { defineCommand, exit } from '../command.ts'
import { confirm, yesOption } from '../confirm.ts'
import { daysOf } from '../self-signed.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['authority', 'revoke'],
  summary: 'Revokes a certificate for good, and publishes a new list',
  description:
    'The new list (CRL) is ca.crl in the folder of the authority. It takes effect where it is read: bring it to every server that checks it.',
  arguments: certificateArgument,
  options: {
    reason: { flags: '--reason <REASON>', describe: 'why', default: 'unspecified', choices: operatorReasons },
    crlDays: { flags: '--crl-days <N>', describe: 'days until the next list is due', default: '7' },
    ...yesOption,
    ...authorityOptions,
  },
  examples: [
    'countersign authority revoke alice.crt --reason keyCompromise',
    'countersign authority revoke 4f1c0a2b --yes',
  ],
  async run(ctx) {
    const { reason, crlDays, yes } = ctx.options
    const days = daysOf(crlDays)
    const authority = await accessAuthority(ctx)
    const name = await certificateNamed(ctx, ctx.arguments.certificate)
    const { serialNumber, subject, revoked } = findEntry(await readRegister(authority.folder), name)
    const whose = `${plain(subject)}, serial number ${serialNumber}`
    if (!revoked && !(await confirm(ctx, `Revoke the certificate of ${whose}? This cannot be undone.`, yes)))
      return exit.no
    const at = ctx.clock.now()
    const { entry, before } = await revokeCertificate(authority, {
      certificate: serialNumber,
      reason: reason as 'unspecified',
      at,
    })
    const since = new Date(entry.revoked!.at).toISOString()
    ctx.terminal.note(
      before ? `${whose}, was revoked before: ${since} (${entry.revoked!.reason})` : `Revoked: ${whose}`,
    )
    const { number, size } = await publishCrl(authority, { at, days })
    ctx.terminal.note(
      `List ${number} with ${size} ${size === 1 ? 'entry' : 'entries'}: ${await authorityFolder(ctx)}/ca.crl`,
    )
    return exit.yes
  },
})
