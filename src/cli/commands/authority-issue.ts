import type { KeyObject } from 'node:crypto'
import { basename } from 'node:path'
import { CodedError } from '../../errors.ts'
import { acceptRequest } from '../../pki/authority/accept-request.ts'
import { issueCertificate } from '../../pki/authority/issue.ts'
import type { GeneralNameSource } from '../../pki/x509/build-general-name.ts'
import { buildName, type NameSource } from '../../pki/x509/build-name.ts'
import { attributeValues, readName } from '../../pki/x509/name.ts'
import { accessAuthority, authorityOptions, readRequestFile } from '../authority-access.ts'
import { type Context, defineCommand, exit, jsonOption } from '../command.ts'
import { issuedFilesOptions, prefixOf, prepareIssuedFiles, tellIssued, writeIssuedFiles } from '../issued-files.ts'
import { alternativeName, daysOf, generateKey, keyTypes } from '../self-signed.ts'
import { plain } from '../terminal.ts'

const day = 86_400_000

export const command = defineCommand({
  name: ['authority', 'issue'],
  summary: 'Issues a certificate for a client or a server',
  description:
    'Makes the key as well, unless --request hands in a certification request (PKCS#10) of somebody who keeps their key to themselves. Of a request only the key is taken: say with --subject and --san whom to certify, or look at it first and accept it with --as-requested.',
  options: {
    profile: {
      flags: '--profile <PROFILE>',
      describe: 'what it is for',
      default: 'client',
      choices: ['client', 'server'],
    },
    subject: { flags: '--subject <NAME>', describe: 'the distinguished name: CN=alice,O=Example' },
    san: {
      flags: '--san <NAME>',
      describe: 'dns:NAME, ip:ADDRESS, email:ADDRESS, uri:URI or upn:NAME; may be repeated',
      repeat: true,
    },
    days: { flags: '--days <N>', describe: 'validity', default: '365' },
    keyType: { flags: '--key-type <TYPE>', describe: 'the kind of key', default: 'p-256', choices: keyTypes },
    request: { flags: '--request <FILE>', describe: 'certify the key of this request, and write PREFIX.crt only' },
    asRequested: { flags: '--as-requested', describe: 'take subject and names from the request as they are' },
    ...issuedFilesOptions,
    ...authorityOptions,
    ...jsonOption,
  },
  examples: [
    'countersign authority issue --subject CN=alice --password env:ALICE_PASSWORD',
    'countersign authority issue --profile server --subject CN=localhost --san dns:localhost --san ip:127.0.0.1 --out server',
    'countersign authority issue --request bob.csr --subject CN=bob --san email:bob@example.com',
  ],
  async run(ctx) {
    const { profile, days, keyType, json } = ctx.options
    const { name, subject, names, requested } = await readOrder(ctx)
    const authority = await accessAuthority(ctx)
    const files = await prepareIssuedFiles(ctx, () => prefixOf(name), requested === undefined)
    if (files === undefined) return exit.no
    const own = requested === undefined ? generateKey(keyType) : undefined
    const key = requested ?? own!
    // a clock that runs a little behind must not refuse what was made a moment ago
    const notBefore = Math.floor(ctx.clock.now() / 1000) * 1000 - 3_600_000
    const notAfter = notBefore + daysOf(days) * day
    const order = { profile: profile as 'client', subject, names, key, notBefore, notAfter }
    const certificate = await issueCertificate(authority, order)
    await writeIssuedFiles(ctx, files, [certificate, authority.certificate], own)
    if (certificate.notAfter < notAfter) ctx.terminal.note('It ends earlier than asked for, with the authority itself.')
    tellIssued(ctx, certificate, files, json)
    return exit.yes
  },
})

type Input = Pick<Context, 'path' | 'terminal'> & {
  options: { request: string | undefined; asRequested: boolean; subject: string | undefined; san: readonly string[] }
}

interface ReadOrder {
  /** for the names of files */
  readonly name: string
  readonly subject: NameSource
  readonly names: readonly GeneralNameSource[]
  /** the key of the request; undefined without one */
  readonly requested: KeyObject | undefined
}

async function readOrder(ctx: Input): Promise<ReadOrder> {
  const { request, asRequested, subject, san } = ctx.options
  const names = san.map(alternativeName)
  if (request === undefined) {
    if (subject === undefined) throw usage('say whom to certify', 'Pass --subject CN=NAME.')
    if (asRequested) throw usage('--as-requested needs --request', 'Pass --request FILE.')
    return { name: commonName(subject), subject, names, requested: undefined }
  }
  const accepted = acceptRequest(await readRequestFile(ctx, request))
  const name = basename(request).replace(/\.[a-z0-9]+$/iu, '')
  const asked = [accepted.subjectText || 'nobody', ...accepted.nameTexts].map(plain).join(', ')
  if (asRequested) {
    if (subject !== undefined || san.length > 0)
      throw usage('--as-requested stands alone', 'Leave out --subject and --san.')
    if (accepted.ignored.length > 0)
      ctx.terminal.note(`Left out of the request: ${accepted.ignored.map(plain).join(', ')}`)
    return { name, subject: accepted.subject, names: accepted.names, requested: accepted.key }
  }
  if (subject === undefined) {
    throw usage(
      `the request asks for ${asked}`,
      'Pass --as-requested to certify that, or --subject and --san to certify something else.',
    )
  }
  ctx.terminal.note(`The request asks for ${asked}; certified is what the options say.`)
  return { name, subject, names, requested: accepted.key }
}

function commonName(subject: string): string {
  return attributeValues(readName(buildName(subject)), '2.5.4.3').at(-1) ?? ''
}

function usage(message: string, remedy: string): CodedError {
  return new CodedError('ERR_CLI_USAGE', message, { remedy })
}
