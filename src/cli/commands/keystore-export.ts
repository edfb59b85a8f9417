import type { KeyObject } from 'node:crypto'
import { CodedError } from '../../errors.ts'
import type { KeyStoreEntry } from '../../pki/keystore/keystore.ts'
import { writePem } from '../../pki/x509/pem.ts'
import { defineCommand, exit } from '../command.ts'
import { yesOption } from '../confirm.ts'
import { entryNamed, keyNamed, openToRead } from '../key-store-access.ts'
import {
  givenKeyPassword,
  givenNewPassword,
  keyPasswordOptions,
  newPasswordOptions,
  passwordOptions,
} from '../password.ts'
import { writeOutput } from '../write-output.ts'

export const command = defineCommand({
  name: ['keystore', 'export'],
  summary: 'Writes a certificate, a chain or a private key of a key store to a file',
  description:
    'Writes the certificate as PEM to standard output unless told otherwise. A private key (--private-key, PKCS#8) is encrypted under a new password, or written in the clear with --plain-key; its file gets mode 0600.',
  arguments: { file: { name: '<FILE>', describe: 'the key store' } },
  options: {
    alias: { flags: '-a, --alias <ALIAS>', describe: 'which entry; needed when there are several' },
    out: { flags: '-o, --out <FILE>', describe: 'where to (default: standard output)' },
    format: { flags: '--format <FORMAT>', describe: 'the form', default: 'pem', choices: ['pem', 'der'] },
    chain: { flags: '--chain', describe: 'the whole chain, leaf first, as PEM' },
    privateKey: { flags: '--private-key', describe: 'the private key instead of the certificate' },
    plainKey: { flags: '--plain-key', describe: 'write the private key without encryption' },
    ...yesOption,
    ...passwordOptions,
    ...keyPasswordOptions,
    ...newPasswordOptions,
  },
  examples: [
    'countersign keystore export wso2carbon.jks --alias wso2carbon --format der --out carbon_public2.crt',
    'countersign keystore export server.p12 --private-key --plain-key --out server.key',
  ],
  async run(ctx) {
    const { options } = ctx
    const { alias, out, yes, privateKey: secret } = options
    const form = options.format as 'pem' | 'der'
    const newPassword = await givenNewPassword(ctx)
    if (secret && options.plainKey === (newPassword !== undefined)) throw protectionUnclear()
    const accessed = await openToRead(ctx, ctx.arguments.file, options)
    const bytes = secret
      ? encodeKey(keyNamed(accessed, alias).privateKey(await givenKeyPassword(ctx)), form, newPassword)
      : encodeCertificates(entryNamed(accessed, alias), form, options.chain)
    return (await writeOutput(ctx, { out, bytes, secret, yes })) ? exit.yes : exit.no
  },
})

function encodeKey(key: KeyObject, format: 'pem' | 'der', passphrase: string | undefined): Buffer {
  const protection = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return Buffer.from(key.export({ type: 'pkcs8', format, ...protection } as { type: 'pkcs8'; format: 'der' }))
}

function encodeCertificates(entry: KeyStoreEntry, format: 'pem' | 'der', wholeChain: boolean): Buffer {
  const chain =
    entry.kind === 'trusted-certificate' ? [entry.certificate] : entry.kind === 'private-key' ? entry.chain : []
  const [leaf] = chain
  if (leaf === undefined) {
    throw new CodedError('ERR_CERTIFICATE_MISSING', `the entry ${entry.alias} holds no certificate`, {
      remedy: 'Name an entry that has one: countersign keystore list shows them.',
    })
  }
  if (format === 'der' && !wholeChain) return leaf.raw
  if (format === 'der')
    throw new CodedError('ERR_CLI_USAGE', '--chain cannot be written as DER', { remedy: 'Leave --format out.' })
  return Buffer.from((wholeChain ? chain : [leaf]).map(({ raw }) => writePem('CERTIFICATE', raw)).join(''))
}

function protectionUnclear(): CodedError {
  return new CodedError('ERR_CLI_USAGE', 'say how the private key is protected, in one way', {
    remedy: 'Pass --new-password env:NAME (or --new-password-file FILE) to encrypt it, or --plain-key.',
  })
}
