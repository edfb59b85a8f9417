import { createAuthority } from '../../pki/authority/authority.ts'
import { authorityFolder, authorityOptions, givenCaPassword } from '../authority-access.ts'
import { defineCommand, exit } from '../command.ts'
import { daysOf, generateKey, keyTypes } from '../self-signed.ts'

const day = 86_400_000

export const command = defineCommand({
  name: ['authority', 'init'],
  summary: 'Makes a certificate authority of your own',
  description:
    'The folder holds ca.crt, which everybody may have, and ca.key, which nobody else may: whoever has it can issue certificates in its name. Keep a backup. With --ca-password the key is encrypted, and every command asks for the password.',
  options: {
    subject: { flags: '--subject <NAME>', describe: 'its distinguished name', default: 'CN=Countersign CA' },
    keyType: { flags: '--key-type <TYPE>', describe: 'the kind of key', default: 'p-256', choices: keyTypes },
    days: { flags: '--days <N>', describe: 'validity; no certificate outlives it', default: '3650' },
    ...authorityOptions,
  },
  examples: [
    'countersign authority init',
    "countersign authority init --dir /etc/countersign/authority --subject 'CN=Machines CA,O=Example' --key-type p-384",
  ],
  async run(ctx) {
    const { subject, keyType, days } = ctx.options
    const dir = await authorityFolder(ctx)
    // a clock that runs a little behind must not refuse what was made a moment ago
    const notBefore = Math.floor(ctx.clock.now() / 1000) * 1000 - 3_600_000
    const { certificate } = await createAuthority(ctx.path(dir), {
      subject,
      privateKey: generateKey(keyType),
      notBefore,
      notAfter: notBefore + daysOf(days) * day,
      password: await givenCaPassword(ctx),
    })
    ctx.terminal.note(`The authority ${certificate.subject} is in ${dir}, thumbprint ${certificate.thumbprint}`)
    ctx.terminal.note(
      `Import ${dir}/ca.crt where its certificates shall be trusted, and keep ${dir}/ca.key to yourself.`,
    )
    return exit.yes
  },
})
