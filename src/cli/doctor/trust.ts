import { getCACertificates } from 'node:tls'
import type { ClientTrust } from '../../diagnosis/judge-server.ts'
import { isCoded } from '../../errors.ts'
import type { TrustAnchor } from '../../pki/path/verdict.ts'
import { type Certificate, parseCertificate } from '../../pki/x509/certificate.ts'
import { readPem } from '../../pki/x509/pem.ts'
import type { Context } from '../command.ts'
import { openToRead } from '../key-store-access.ts'

export const trustPasswordOptions = {
  trustPassword: { flags: '--trust-password <env:NAME>', describe: 'password of the trust store, where it needs one' },
  trustPasswordFile: { flags: '--trust-password-file <FILE>', describe: 'the same, from the first line of a file' },
} as const

type TrustContext = Pick<Context, 'terminal' | 'env' | 'path'> & {
  readonly options: {
    readonly trust: readonly string[] | undefined
    readonly trustPassword: string | undefined
    readonly trustPasswordFile: string | undefined
  }
}

/** Whom to judge the server by: the trust stores that were named, else the public authorities that this program brings. */
export async function clientTrust(ctx: TrustContext, others: readonly Certificate[]): Promise<ClientTrust> {
  const { trust = [], trustPassword: password, trustPasswordFile: passwordFile } = ctx.options
  if (trust.length === 0) {
    const anchors = publicAuthorities()
    return {
      kind: 'assumed',
      anchors,
      others,
      text: `the ${anchors.length} public authorities, and no --trust was given`,
    }
  }
  const anchors: TrustAnchor[] = []
  const beside: Certificate[] = []
  for (const name of trust) {
    const { store } = await openToRead(ctx, name, { password, passwordFile, option: 'trust-password' })
    beside.push(...store.otherCertificates)
    for (const entry of store.entries) {
      if (entry.kind === 'trusted-certificate') anchors.push({ alias: entry.alias, certificate: entry.certificate })
    }
  }
  const count = anchors.length === 1 ? 'the trust anchor' : `the ${anchors.length} trust anchors`
  return { kind: 'named', anchors, others: [...others, ...beside], text: `${count} of ${trust.join(', ')}` }
}

function publicAuthorities(): TrustAnchor[] {
  const blocks = new Set(getCACertificates('default'))
  return [...blocks].flatMap(pem => readPem(pem).flatMap(({ der }) => anchorOf(der)))
}

// A root that breaks the standard vouches for nobody here.
function anchorOf(der: Buffer): TrustAnchor[] {
  try {
    const certificate = parseCertificate(der)
    return [{ alias: String(certificate.subject), certificate }]
  } catch (error) {
    if (!isCoded(error)) throw error
    return []
  }
}
