import type { ClientIdentity } from '../../diagnosis/judge-client.ts'
import { CodedError } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Context } from '../command.ts'
import { keyNamed, openToRead } from '../key-store-access.ts'
import { givenKeyPassword, givenPassword } from '../password.ts'
import { readCertificates } from '../read-certificates.ts'
import { readInput } from '../read-input.ts'
import { readKey } from '../read-key.ts'

export interface IdentityOptions {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly keystore: string | undefined
  readonly alias: string | undefined
  readonly password: string | undefined
  readonly passwordFile: string | undefined
  readonly keyPassword: string | undefined
  readonly keyPasswordFile: string | undefined
}

export interface GivenIdentity {
  /** the file, as the user named it */
  readonly name: string
  readonly identity: ClientIdentity
  /** certificates that stand beside the identity */
  readonly others: readonly Certificate[]
}

type IdentityContext = Pick<Context, 'terminal' | 'env' | 'path'> & { readonly options: IdentityOptions }

/** The client certificate and key that the command line names; undefined when it names none. */
export async function givenIdentity(ctx: IdentityContext): Promise<GivenIdentity | undefined> {
  const { cert, key, keystore } = ctx.options
  if (keystore !== undefined) {
    if (cert === undefined && key === undefined) return fromKeyStore(ctx, keystore)
    throw new CodedError('ERR_CLI_USAGE', '--keystore and --cert cannot be given together')
  }
  if (cert !== undefined) return fromFiles(ctx, cert, key ?? cert)
  if (key === undefined) return undefined
  throw new CodedError('ERR_CLI_USAGE', '--key was given, and --cert was not', {
    remedy: 'Pass the certificate of that key: --cert FILE --key FILE.',
  })
}

async function fromKeyStore(ctx: IdentityContext, name: string): Promise<GivenIdentity> {
  const accessed = await openToRead(ctx, name, ctx.options)
  const entry = keyNamed(accessed, ctx.options.alias)
  const [certificate, ...intermediates] = entry.chain
  if (certificate === undefined) {
    throw new CodedError('ERR_CLI_USAGE', `${entry.alias} in ${name} has a key and no certificate`, {
      remedy: `Import the certificate: countersign keystore import ${name} CERTIFICATE --alias ${entry.alias}`,
    })
  }
  const key = entry.privateKey(await givenKeyPassword(ctx))
  const trusted = accessed.store.entries.flatMap(each =>
    each.kind === 'trusted-certificate' ? [each.certificate] : [],
  )
  return {
    name,
    identity: { certificate, intermediates, key },
    others: [...trusted, ...accessed.store.otherCertificates],
  }
}

async function fromFiles(ctx: IdentityContext, cert: string, keyFile: string): Promise<GivenIdentity> {
  const [certificate, ...intermediates] = readCertificates(await readInput(ctx, cert), cert)
  const password = (await givenKeyPassword(ctx)) ?? (await givenPassword(ctx, ctx.options))
  const key = readKey(await readInput(ctx, keyFile), keyFile, password)
  return { name: cert, identity: { certificate: certificate!, intermediates, key }, others: [] }
}
