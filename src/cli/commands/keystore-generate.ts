import { CodedError } from '../../errors.ts'
import { setPrivateKey } from '../../pki/keystore/change.ts'
import { findEntry } from '../../pki/keystore/keystore.ts'
import { defineCommand, exit } from '../command.ts'
import { openOrBegin, save, typeNames } from '../key-store-access.ts'
import { passwordOptions } from '../password.ts'
import { alternativeName, daysOf, generateKey, keyTypes, selfSigned } from '../self-signed.ts'

export const command = defineCommand({
  name: ['keystore', 'generate'],
  summary: 'Makes a private key with a self-signed certificate in a key store',
  description:
    'A store that does not exist is begun. The self-signed certificate serves as it is where the other side trusts it directly; otherwise send a request to an authority (keystore request) and import the reply (keystore import).',
  arguments: { file: { name: '<FILE>', describe: 'the key store' } },
  options: {
    alias: { flags: '-a, --alias <ALIAS>', describe: 'the alias of the new entry', required: true },
    subject: { flags: '--subject <NAME>', describe: 'the distinguished name: CN=alice,O=Example', required: true },
    san: {
      flags: '--san <NAME>',
      describe: 'dns:NAME, ip:ADDRESS, email:ADDRESS, uri:URI or upn:NAME; may be repeated',
      repeat: true,
    },
    keyType: { flags: '--key-type <TYPE>', describe: 'the kind of key', default: 'p-256', choices: keyTypes },
    days: { flags: '--days <N>', describe: 'validity of the certificate', default: '365' },
    purpose: {
      flags: '--purpose <PURPOSE>',
      describe: 'what it is for',
      default: 'any',
      choices: ['client', 'server', 'any'],
    },
    type: { flags: '--type <TYPE>', describe: `of a new store: ${typeNames.join(', ')} (default: what its name says)` },
    ...passwordOptions,
  },
  examples: [
    'countersign keystore generate server.p12 --alias server --subject CN=localhost --san dns:localhost --san ip:127.0.0.1 --purpose server',
    'countersign keystore generate alice.jks --alias alice --subject CN=alice --key-type rsa-2048 --purpose client',
  ],
  async run(ctx) {
    const { options, terminal, clock } = ctx
    const { alias, subject, purpose } = options
    const names = options.san.map(alternativeName)
    const days = daysOf(options.days)
    const accessed = await openOrBegin(ctx, ctx.arguments.file, options, options.type)
    if (findEntry(accessed.store, alias) !== undefined) {
      throw new CodedError('ERR_KEYSTORE_ALIAS_EXISTS', `${accessed.name} has an entry ${alias} already`, {
        remedy: 'Choose another alias, or delete the entry first.',
      })
    }
    const key = generateKey(options.keyType)
    const notBefore = Math.floor(clock.now() / 1000) * 1000
    const certificate = selfSigned({ subject, key, names, purpose: purpose as 'any', notBefore, days })
    await save(accessed, store => setPrivateKey(store, alias, { key, chain: [certificate] }, { created: clock.now() }))
    terminal.note(`${alias} in ${accessed.name}: ${certificate.subject}, thumbprint ${certificate.thumbprint}`)
    return exit.yes
  },
})
