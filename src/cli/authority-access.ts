import { readFile } from 'node:fs/promises'
import { isCoded } from '../errors.ts'
import { type Authority, openAuthority } from '../pki/authority/authority.ts'
import { looksLikePem, readPem } from '../pki/x509/pem.ts'
import type { Context } from './command.ts'
import { isThere } from './key-store-access.ts'
import { givenPassword, readPassword } from './password.ts'
import { readCertificates } from './read-certificates.ts'

const demoFolder = '.countersign/security/authority'
const ownFolder = 'authority'

/** Which authority, and how to open its key. */
export const authorityOptions = {
  dir: {
    flags: '--dir <DIR>',
    describe: `the folder of the authority (default: ${demoFolder} when it is there, else ${ownFolder})`,
  },
  caPassword: { flags: '--ca-password <env:NAME>', describe: "the password of the authority's key, where it has one" },
  caPasswordFile: { flags: '--ca-password-file <FILE>', describe: 'the same, from the first line of a file' },
} as const

type Input = Pick<Context, 'terminal' | 'env' | 'path'> & {
  options: { dir: string | undefined; caPassword: string | undefined; caPasswordFile: string | undefined }
}

/** As told, else that of `countersign dev` when there is one, else `authority`; not absolute. */
export async function authorityFolder(
  ctx: Pick<Context, 'path'> & { options: { dir: string | undefined } },
): Promise<string> {
  const { dir } = ctx.options
  if (dir !== undefined) return dir
  return (await isThere(ctx.path(demoFolder))) ? demoFolder : ownFolder
}

/** Opens the authority; asks for the password of its key only where there is one. */
export async function accessAuthority(ctx: Input): Promise<Authority> {
  const folder = ctx.path(await authorityFolder(ctx))
  const password = await givenCaPassword(ctx)
  try {
    return await openAuthority(folder, { password })
  } catch (error) {
    if (password !== undefined || !isCoded(error, 'ERR_AUTHORITY_WRONG_PASSWORD')) throw error
  }
  const source = { password: undefined, passwordFile: undefined, option: 'ca-password' }
  return openAuthority(folder, {
    password: await readPassword(ctx, { ...source, prompt: "Password of the authority's key" }),
  })
}

export function givenCaPassword(ctx: Input): Promise<string | undefined> {
  const { caPassword: password, caPasswordFile: passwordFile } = ctx.options
  return givenPassword(ctx, { password, passwordFile, option: 'ca-password' })
}

export const certificateArgument = {
  certificate: { name: '<CERTIFICATE>', describe: 'its file, its serial number or its thumbprint' },
} as const

/** What names a certificate in the register: the thumbprint of the one in the file, or what was typed. */
export async function certificateNamed(ctx: Pick<Context, 'path'>, name: string): Promise<string> {
  const bytes = await readFile(ctx.path(name)).catch(() => undefined)
  return bytes === undefined ? name : readCertificates(bytes, name)[0]!.thumbprint
}

/** The request in a file, PEM or DER. */
export async function readRequestFile(ctx: Pick<Context, 'path'>, name: string): Promise<Buffer> {
  const bytes = await readFile(ctx.path(name))
  if (!looksLikePem(bytes)) return bytes
  const block = readPem(bytes).find(({ label }) => /^(?:NEW )?CERTIFICATE REQUEST$/.test(label))
  return block?.der ?? Buffer.alloc(0)
}
