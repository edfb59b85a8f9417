import { readFile } from 'node:fs/promises'
import { CodedError } from '../../errors.ts'
import { defaultMaxDepth, validatePath } from '../../pki/path/validate.ts'
import type { Purpose, TrustAnchor, Verdict } from '../../pki/path/verdict.ts'
import type { InsecureAlgorithm } from '../../pki/path/weak-algorithms.ts'
import { type Crl, parseCrl } from '../../pki/x509/crl.ts'
import { looksLikePem, readPem } from '../../pki/x509/pem.ts'
import { judgeCase, readBatch } from '../batch-case.ts'
import { type Context, defineCommand, exit, jsonOption } from '../command.ts'
import { openToRead } from '../key-store-access.ts'
import { passwordOptions } from '../password.ts'
import { readCertificates } from '../read-certificates.ts'
import { plain } from '../terminal.ts'
import { tellVerdict, verdictJson } from '../verdict-output.ts'

export const command = defineCommand({
  name: ['cert', 'verify'],
  summary: 'Says whether a certificate would be trusted, by which path, or why not',
  description: `Gives the verdict that the server gives: RFC 5280 path validation against the trust stores. Further certificates in FILE count as
intermediates. Without --crl, revocation is not checked; with it, every certificate of the path needs a list.`,
  arguments: { file: { name: '[FILE]', describe: 'the certificate, first in its file: PEM, DER or PKCS#7' } },
  options: {
    trust: { flags: '-t, --trust <STORE>', describe: 'a trust store: JKS, PKCS#12 or PEM', repeat: true },
    ...passwordOptions,
    intermediates: { flags: '-i, --intermediates <FILE>', describe: 'certificates to build a path with', repeat: true },
    crl: { flags: '--crl <FILE>', describe: 'revocation lists, PEM or DER', repeat: true },
    at: { flags: '--at <TIME>', describe: 'the time of the verdict, ISO 8601 (default: now)' },
    purpose: {
      flags: '--purpose <PURPOSE>',
      describe: 'what the certificate is used for',
      choices: ['client', 'server', 'any'],
      default: 'client',
    },
    maxDepth: {
      flags: '--max-depth <N>',
      describe: 'how many intermediates there may be',
      default: String(defaultMaxDepth),
    },
    insecure: {
      flags: '--insecure-algorithm <NAME>',
      describe: 'accept a weak algorithm',
      choices: ['md5', 'sha-1', 'rsa-1024', 'explicit-curve'],
      repeat: true,
    },
    batch: {
      flags: '--batch <CASES>',
      describe: 'judge many chains: a JSON file {"cases": [...]}, one line of JSON for each',
    },
    ...jsonOption,
  },
  examples: [
    'countersign cert verify alice.crt --trust client-truststore.p12 --password env:TRUSTSTORE_PASSWORD',
    'countersign cert verify chain.pem --trust ca.crt --crl ca.crl --at 2027-01-01T00:00:00Z --json',
  ],
  async run(ctx) {
    const { terminal, clock, options } = ctx
    if (options.batch !== undefined) {
      for (const each of readBatch(await readFile(ctx.path(options.batch), 'utf8'), options.batch)) {
        const start = performance.now()
        const verdict = judgeCase(each, clock.now())
        const ms = Number((performance.now() - start).toFixed(3))
        terminal.jsonLine({
          id: each.id,
          got: verdict.ok ? 'accept' : 'reject',
          code: verdict.ok ? null : verdict.code,
          ms,
        })
      }
      return exit.yes
    }
    const verdict = await judgeFile(ctx)
    if (options.json) terminal.json(verdictJson(verdict))
    else tellVerdict(verdict, terminal)
    return verdict.ok ? exit.yes : exit.no
  },
})

type VerifyContext = Parameters<typeof command.run>[0]

async function judgeFile(ctx: VerifyContext): Promise<Verdict> {
  const { options, clock } = ctx
  const { file } = ctx.arguments
  if (file === undefined || !options.trust?.length) {
    throw new CodedError(
      'ERR_CLI_USAGE',
      file === undefined ? 'no certificate was named' : 'no trust store was named',
      {
        remedy: 'countersign cert verify FILE --trust STORE',
      },
    )
  }
  const at = options.at === undefined ? clock.now() : Date.parse(options.at)
  if (Number.isNaN(at))
    throw new CodedError('ERR_CLI_USAGE', `${options.at} is no time`, { remedy: 'Write it like 2027-01-31T12:00:00Z.' })
  const maxDepth = Number(options.maxDepth)
  if (!Number.isInteger(maxDepth) || maxDepth < 0) throw new CodedError('ERR_CLI_USAGE', '--max-depth takes a number')
  const [leaf, ...rest] = readCertificates(await readFile(ctx.path(file)), file)
  const others = await readEach(ctx, options.intermediates, readCertificates)
  const crls = options.crl?.length ? await readEach(ctx, options.crl, readCrls) : undefined
  return validatePath(
    {
      leaf: leaf!,
      intermediates: [...rest, ...others],
      anchors: await readAnchors(ctx, options.trust),
      ...(crls === undefined ? {} : { crls }),
    },
    {
      at,
      purpose: options.purpose as Purpose,
      maxDepth,
      insecureAlgorithms: (options.insecure ?? []) as InsecureAlgorithm[],
    },
  )
}

async function readEach<T>(
  ctx: Pick<Context, 'path'>,
  files: readonly string[] | undefined,
  read: (bytes: Buffer, file: string) => T[],
): Promise<T[]> {
  const found: T[] = []
  for (const file of files ?? []) found.push(...read(await readFile(ctx.path(file)), file))
  return found
}

function readCrls(bytes: Buffer, file: string): Crl[] {
  if (!looksLikePem(bytes)) return [parseCrl(bytes)]
  const blocks = readPem(bytes).filter(({ label }) => label === 'X509 CRL')
  if (blocks.length > 0) return blocks.map(({ der }) => parseCrl(der))
  throw new CodedError('ERR_CRL_MISSING', `${file} holds no revocation list`, {
    remedy: 'Name a file with a revocation list in PEM (-----BEGIN X509 CRL-----) or DER form.',
  })
}

async function readAnchors(ctx: VerifyContext, stores: readonly string[]): Promise<TrustAnchor[]> {
  const anchors: TrustAnchor[] = []
  for (const name of stores) {
    const { store } = await openToRead(ctx, name, ctx.options)
    for (const entry of store.entries) {
      if (entry.kind === 'trusted-certificate') anchors.push({ alias: entry.alias, certificate: entry.certificate })
      else ctx.terminal.note(`${name}, ${plain(entry.alias)}: a ${entry.kind} entry is no trust anchor`)
    }
  }
  return anchors
}
