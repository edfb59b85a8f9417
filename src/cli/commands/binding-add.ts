import { readFileSync } from 'node:fs'
import { createSqlBindingStore } from '../../identity/bindings/sql-binding-store.ts'
import { administer } from '../administration.ts'
import { bindingFlags, bindingFrom } from '../binding-flags.ts'
import { defineCommand, exit } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { readCertificates } from '../read-certificates.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['binding', 'add'],
  summary: 'Lets a certificate act as a user',
  description:
    'Says which certificate is meant (one of --certificate, --thumbprint, --subject, --email, --dns, --uri, --upn, or --anchor alone), and which users it may act as: the first --user by default, the others when the request names them. A running server knows the binding within a second.',
  options: { ...bindingFlags, ...configurationOptions },
  examples: [
    'countersign binding add --certificate alice.crt --user alice --user ops',
    'countersign binding add --thumbprint 3F:0A:… --any-user',
    'countersign binding add --email bob@partner.example --anchor partners --user bob',
    "countersign binding add --anchor partners --from san.email --match '^(.+)@partner\\.example$' --replace 'partner/$1'",
  ],
  async run(ctx) {
    const options = bindingFrom(ctx.options, file => {
      // A chain file begins with the certificate that it is about.
      const [leaf] = readCertificates(readFileSync(ctx.path(file)), file)
      return leaf!.thumbprint
    })
    await administer(ctx, 'changes', async ({ storage, users, record }) => {
      const { id, label } = await createSqlBindingStore(storage, ctx.clock).add(options)
      record('binding-changed', { action: 'added', tenant: options.tenant, binding: label })
      for (const name of options.users ?? []) {
        if (name !== '*' && (await users.find(options.tenant, name)) === undefined) {
          ctx.terminal.note(`There is no user ${plain(name)} yet: until there is, the certificate is refused.`)
        }
      }
      ctx.terminal.note(`The binding for ${plain(label)} was added.`)
      ctx.terminal.print(id)
    })
    return exit.yes
  },
})
