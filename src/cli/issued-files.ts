import type { KeyObject } from 'node:crypto'
import { basename } from 'node:path'
import { CodedError } from '../errors.ts'
import { emptyKeyStore, setPrivateKey } from '../pki/keystore/change.ts'
import { encodeKeyStore } from '../pki/keystore/save.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { subjectAltNames } from '../pki/x509/extensions.ts'
import { generalNameText } from '../pki/x509/general-name.ts'
import { writePem } from '../pki/x509/pem.ts'
import type { Context } from './command.ts'
import { confirm, yesOption } from './confirm.ts'
import { isThere } from './key-store-access.ts'
import { passwordOptions, readPassword } from './password.ts'
import { plain } from './terminal.ts'
import { writeOutput } from './write-output.ts'

export const issuedFilesOptions = {
  out: {
    flags: '-o, --out <PREFIX>',
    describe: 'where to: PREFIX.crt, PREFIX.key and PREFIX.p12 (default: the name, here)',
  },
  pemOnly: { flags: '--pem-only', describe: 'no PREFIX.p12' },
  password: {
    flags: '--password <env:NAME>',
    describe: 'the password for PREFIX.p12, from an environment variable (or file:FILE)',
  },
  passwordFile: passwordOptions.passwordFile,
  ...yesOption,
} as const

type Input = Pick<Context, 'terminal' | 'env' | 'path' | 'clock'> & {
  options: {
    out: string | undefined
    pemOnly: boolean
    password: string | undefined
    passwordFile: string | undefined
    yes: boolean
  }
}

/** Where a certificate will go. Everything that may be asked is asked before it is issued. */
export interface IssuedFiles {
  readonly prefix: string
  /** undefined: no key store is written */
  readonly password: string | undefined
  readonly names: readonly string[]
}

/** Undefined when somebody answered that a file shall not be replaced. `withKey`: a private key will be written too. */
export async function prepareIssuedFiles(
  ctx: Input,
  prefixUnlessTold: () => string,
  withKey: boolean,
): Promise<IssuedFiles | undefined> {
  const { out, pemOnly, yes } = ctx.options
  const prefix = (out ?? prefixUnlessTold()).replace(/\.(crt|key|p12)$/u, '')
  const store = withKey && !pemOnly
  const names = [`${prefix}.crt`, ...(withKey ? [`${prefix}.key`] : []), ...(store ? [`${prefix}.p12`] : [])]
  for (const file of names) {
    if ((await isThere(ctx.path(file))) && !(await confirm(ctx, `${file} exists. Replace it?`, yes))) return undefined
  }
  const prompt = `Password for the new store ${prefix}.p12`
  const password = store ? await readPassword(ctx, { ...ctx.options, prompt, repeat: true }) : undefined
  return { prefix, password, names }
}

/** A name of files in this folder, from a name of somebody. */
export function prefixOf(name: string): string {
  if (/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u.test(name)) return name
  throw new CodedError('ERR_CLI_USAGE', `${JSON.stringify(name)} makes no good name for files`, {
    remedy: 'Pass --out PREFIX.',
  })
}

/** Writes the files: `chain` leaf first, the authority after it. */
export async function writeIssuedFiles(
  ctx: Input,
  files: IssuedFiles,
  chain: readonly Certificate[],
  key: KeyObject | undefined,
): Promise<void> {
  const { prefix, password } = files
  const write = (out: string, bytes: Uint8Array, secret: boolean) => writeOutput(ctx, { out, bytes, secret, yes: true })
  if (key !== undefined) {
    await write(`${prefix}.key`, Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })), true)
    if (password !== undefined) {
      const created = ctx.clock.now()
      const store = setPrivateKey(emptyKeyStore('PKCS12'), basename(prefix), { key, chain }, { created })
      await write(`${prefix}.p12`, encodeKeyStore(store, { password }), true)
    }
  }
  await write(`${prefix}.crt`, Buffer.from(writePem('CERTIFICATE', chain[0]!.raw)), false)
}

/** Tells what was issued: a sentence for people, or JSON. */
export function tellIssued(
  ctx: Pick<Context, 'terminal'>,
  certificate: Certificate,
  files: IssuedFiles,
  json: boolean,
): void {
  const { subject, serialNumber, thumbprint, notBefore, notAfter } = certificate
  const names = (subjectAltNames(certificate) ?? []).map(generalNameText)
  const times = { notBefore: new Date(notBefore).toISOString(), notAfter: new Date(notAfter).toISOString() }
  if (json) {
    ctx.terminal.json({
      subject: subject.toString(),
      names,
      serialNumber,
      thumbprint,
      ...times,
      files: files.names,
    })
    return
  }
  const who = [plain(subject.toString()), ...names.map(plain)].filter(Boolean).join(', ')
  ctx.terminal.note(`Issued to ${who}, until ${times.notAfter.slice(0, 10)}: ${files.names.join(', ')}`)
  ctx.terminal.note(`Serial number ${serialNumber}, thumbprint ${thumbprint}`)
}
