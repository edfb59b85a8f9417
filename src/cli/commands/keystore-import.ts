import { CodedError } from '../../errors.ts'
import { replaceChain, setPrivateKey, setTrustedCertificate } from '../../pki/keystore/change.ts'
import { findEntry, type KeyStore } from '../../pki/keystore/keystore.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { defineCommand, exit } from '../command.ts'
import { completeChain } from '../complete-chain.ts'
import { confirm, yesOption } from '../confirm.ts'
import { expiry } from '../expiry.ts'
import { type AccessedStore, openOrBegin, save, typeNames } from '../key-store-access.ts'
import { givenKeyPassword, keyPasswordOptions, passwordOptions } from '../password.ts'
import { readCertificates } from '../read-certificates.ts'
import { readInput } from '../read-input.ts'
import { readKey } from '../read-key.ts'
import { plain, type Terminal } from '../terminal.ts'

export const command = defineCommand({
  name: ['keystore', 'import'],
  summary: "Puts a certificate, an authority's reply, or a key with its certificate into a key store",
  description: `What happens depends on what is there:
- a certificate under a new alias becomes a trusted certificate, after a question that shows it (--yes: without);
- a certificate or chain under the alias of a private key replaces the chain of that key, as an authority's reply to a request;
- with --private-key the key and its chain become a private-key entry.
A store that does not exist is begun.`,
  arguments: {
    file: { name: '<FILE>', describe: 'the key store' },
    certificate: { name: '<CERTIFICATE>', describe: 'a file with a certificate or a chain: PEM, DER or PKCS#7' },
  },
  options: {
    alias: { flags: '-a, --alias <ALIAS>', describe: 'the alias of the entry', required: true },
    privateKey: { flags: '--private-key <FILE>', describe: 'a file with the private key, PEM or PKCS#8 DER' },
    type: { flags: '--type <TYPE>', describe: `of a new store: ${typeNames.join(', ')} (default: what its name says)` },
    ...yesOption,
    ...passwordOptions,
    ...keyPasswordOptions,
  },
  examples: [
    'countersign keystore import client-truststore.jks carbon_public2.crt --alias carbon',
    'countersign keystore import server.p12 reply-from-authority.pem --alias server',
    'countersign keystore import server.p12 server.crt --private-key server.key --alias server',
  ],
  async run(ctx) {
    const { options, terminal, clock } = ctx
    const { alias } = options
    const given = readCertificates(await readInput(ctx, ctx.arguments.certificate), ctx.arguments.certificate)
    const key =
      options.privateKey === undefined
        ? undefined
        : readKey(await readInput(ctx, options.privateKey), options.privateKey, await givenKeyPassword(ctx))
    const accessed = await openOrBegin(ctx, ctx.arguments.file, options, options.type)
    const existing = findEntry(accessed.store, alias)
    const created = clock.now()
    if (key !== undefined) {
      const chain = completeChain(key, given, accessed.store)
      await save(accessed, store => setPrivateKey(store, alias, { key, chain }, { created }))
    } else if (existing?.kind === 'private-key') {
      const chain = completeChain(existing.chain[0]?.spki, given, accessed.store)
      await save(accessed, store => replaceChain(store, alias, chain))
    } else {
      const [certificate] = given
      if (certificate === undefined || given.length > 1)
        throw severalCertificates(ctx.arguments.certificate, given.length)
      refuseTaken(accessed, alias)
      show(terminal, certificate, clock.now(), accessed.store)
      if (!(await confirm(ctx, `Trust this certificate in ${accessed.name}, as ${alias}?`, options.yes))) return exit.no
      await save(accessed, store => setTrustedCertificate(store, alias, certificate, { created }))
    }
    return exit.yes
  },
})

function show(terminal: Terminal, certificate: Certificate, now: number, store: KeyStore) {
  terminal.note(`subject     ${plain(String(certificate.subject))}`)
  terminal.note(`issuer      ${plain(String(certificate.issuer))}`)
  terminal.note(`expires     ${expiry({ style: (_, text) => text }, certificate.notAfter, now)}`)
  terminal.note(`thumbprint  ${certificate.thumbprint}`)
  const same = store.entries.find(
    entry => entry.kind === 'trusted-certificate' && entry.certificate.thumbprint === certificate.thumbprint,
  )
  if (same !== undefined) terminal.note(`The same certificate stands in the store already, as ${plain(same.alias)}.`)
}

function refuseTaken({ name, store }: AccessedStore, alias: string) {
  if (findEntry(store, alias) === undefined) return
  throw new CodedError('ERR_KEYSTORE_ALIAS_EXISTS', `${name} has an entry ${alias} already`, {
    remedy: 'Choose another alias, or delete the entry first.',
  })
}

function severalCertificates(file: string, count: number): CodedError {
  return new CodedError('ERR_CLI_USAGE', `${file} holds ${count} certificates: which one is to be trusted?`, {
    remedy: 'Import each from a file of its own, under an alias of its own.',
  })
}
