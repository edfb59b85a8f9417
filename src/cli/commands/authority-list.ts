import { readRegister } from '../../pki/authority/register.ts'
import { authorityFolder, authorityOptions } from '../authority-access.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { expiry } from '../expiry.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['authority', 'list'],
  summary: 'Lists the certificates that the authority issued',
  options: { dir: authorityOptions.dir, ...jsonOption },
  examples: ['countersign authority list', 'countersign authority list --json'],
  async run(ctx) {
    const { terminal, clock } = ctx
    const { certificates } = await readRegister(ctx.path(await authorityFolder(ctx)))
    if (ctx.options.json) {
      const iso = (at: number) => new Date(at).toISOString()
      const told = certificates.map(({ notBefore, notAfter, revoked, renews, ...rest }) => ({
        ...rest,
        notBefore: iso(notBefore),
        notAfter: iso(notAfter),
        renews: renews ?? null,
        revoked: revoked ? { at: iso(revoked.at), reason: revoked.reason } : null,
      }))
      terminal.json({ certificates: told })
      return exit.yes
    }
    if (certificates.length === 0) terminal.note('Nothing was issued yet.')
    const rows = certificates.map(({ serialNumber, profile, subject, names, notAfter, revoked }) => [
      serialNumber,
      profile,
      revoked
        ? terminal.style('red', `revoked ${new Date(revoked.at).toISOString().slice(0, 10)}`)
        : expiry(terminal, notAfter, clock.now()),
      [subject, ...names].filter(Boolean).map(plain).join(', '),
    ])
    if (rows.length > 0) terminal.table(['SERIAL NUMBER', 'FOR', 'EXPIRES', 'NAMES'], rows)
    return exit.yes
  },
})
