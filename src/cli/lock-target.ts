import { createHash } from 'node:crypto'
import { CodedError } from '../errors.ts'
import { issuerSerial, type LockTarget } from '../identity/revocation/locks.ts'
import { buildName } from '../pki/x509/build-name.ts'
import { readName } from '../pki/x509/name.ts'
import type { Context } from './command.ts'
import { configurationOptions } from './configuration.ts'
import { readCertificates } from './read-certificates.ts'
import { readInput } from './read-input.ts'

export const lockArgument = {
  what: { name: '[THUMBPRINT|FILE]', describe: 'SHA-256 thumbprint of the certificate, or a file with it' },
} as const

export const lockOptions = {
  issuer: { flags: '--issuer <NAME>', describe: 'instead: name of the issuer, as `countersign cert show` prints it' },
  serial: { flags: '--serial <HEX>', describe: 'with --issuer: the serial number' },
  publicKey: {
    flags: '--public-key',
    describe: 'every certificate with the key of the one in FILE, or with the key of that SHA-256 hash',
  },
  ...configurationOptions,
} as const

type TargetContext = Pick<Context, 'terminal' | 'path'> & {
  arguments: { what: string | undefined }
  options: { issuer: string | undefined; serial: string | undefined; publicKey: boolean }
}

/** What the command line names, and how to call it. Throws ERR_CLI_USAGE, and what reading the file throws. */
export async function lockTarget(ctx: TargetContext): Promise<{ target: LockTarget; label: string }> {
  const { what } = ctx.arguments
  const { issuer, serial, publicKey } = ctx.options
  if ((issuer === undefined) !== (serial === undefined)) throw usage('--issuer and --serial go together')
  if (issuer !== undefined && serial !== undefined) {
    if (what !== undefined || publicKey) throw usage('name one thing: a certificate, or an issuer with a serial number')
    return { target: byNumber(issuer, serial), label: `serial number ${serial} of ${issuer}` }
  }
  if (what === undefined) throw usage('name a thumbprint, a file, or an issuer with a serial number')
  const hash = what.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hash)) {
    const kind = publicKey ? 'public-key' : 'thumbprint'
    return { target: { kind, value: hash }, label: `${publicKey ? 'key' : 'certificate'} ${hash}` }
  }
  const [certificate] = readCertificates(await readInput(ctx, what), what)
  if (publicKey) {
    const value = createHash('sha256').update(certificate!.spki).digest('hex')
    return { target: { kind: 'public-key', value }, label: `the key of ${certificate!.subject}` }
  }
  return { target: { kind: 'thumbprint', value: certificate!.thumbprint }, label: `${certificate!.subject}` }
}

function byNumber(issuer: string, serial: string): LockTarget {
  const number = serial.replace(/^0x/i, '').replaceAll(':', '')
  if (!/^[0-9a-f]{1,128}$/i.test(number)) throw usage(`${JSON.stringify(serial)} is no serial number in hex`)
  return { kind: 'issuer-serial', value: issuerSerial(readName(buildName(issuer)), number) }
}

function usage(message: string): CodedError {
  return new CodedError('ERR_CLI_USAGE', message, { remedy: 'Run `countersign cert lock --help`.' })
}
