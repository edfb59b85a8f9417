import { CodedError } from '../../errors.ts'
import { subjectAltName } from '../../pki/x509/build-extensions.ts'
import { writePem } from '../../pki/x509/pem.ts'
import { buildRequest } from '../../pki/x509/request.ts'
import { defineCommand, exit } from '../command.ts'
import { yesOption } from '../confirm.ts'
import { keyNamed, openToRead } from '../key-store-access.ts'
import { givenKeyPassword, keyPasswordOptions, passwordOptions } from '../password.ts'
import { alternativeName } from '../self-signed.ts'
import { writeOutput } from '../write-output.ts'

export const command = defineCommand({
  name: ['keystore', 'request'],
  summary: 'Makes a certification request (PKCS#10) for a key of a key store',
  description: 'Subject and alternative names are those of the certificate in the store unless told otherwise.',
  arguments: { file: { name: '<FILE>', describe: 'the key store' } },
  options: {
    alias: { flags: '-a, --alias <ALIAS>', describe: 'which key; needed when there are several' },
    out: { flags: '-o, --out <FILE>', describe: 'where to (default: standard output)' },
    subject: { flags: '--subject <NAME>', describe: 'another distinguished name: CN=alice,O=Example' },
    san: { flags: '--san <NAME>', describe: 'other alternative names; may be repeated', repeat: true },
    ...yesOption,
    ...passwordOptions,
    ...keyPasswordOptions,
  },
  examples: ['countersign keystore request server.p12 --alias server --out server.csr'],
  async run(ctx) {
    const { options } = ctx
    const names = options.san.map(alternativeName)
    const accessed = await openToRead(ctx, ctx.arguments.file, options)
    const entry = keyNamed(accessed, options.alias)
    const [leaf] = entry.chain
    const subject = options.subject ?? leaf?.subject
    if (subject === undefined) {
      throw new CodedError('ERR_CLI_USAGE', `${entry.alias} has no certificate to take the name from`, {
        remedy: 'Pass --subject.',
      })
    }
    const kept = leaf?.extensions.get('2.5.29.17')
    const extensions = names.length > 0 ? [subjectAltName(names)] : kept === undefined ? [] : [kept]
    const privateKey = entry.privateKey(await givenKeyPassword(ctx))
    const request = buildRequest({ subject, privateKey, extensions })
    const bytes = Buffer.from(writePem('CERTIFICATE REQUEST', request))
    return (await writeOutput(ctx, { out: options.out, bytes, yes: options.yes })) ? exit.yes : exit.no
  },
})
