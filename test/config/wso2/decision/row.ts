import type { HomeOptions } from '../../../support/carbon-home.ts'
import { day, type Issued, selfSigned, testAuthority } from '../../../support/certificates.ts'

/** One case: what WSO2's products decide about it, and what this server does. */
export interface Row {
  /** the request in words, for the page */
  readonly when: string
  /** what the original does, in words */
  readonly original: string
  /** what this server decides: `alice`, `bob of partner.example`, `nobody in particular`, the code of the refusal, or that it does not start */
  readonly ours: string
  /** why this server does not do the same; left out: it does */
  readonly tightened?: string
  /** why it does something else that is no stricter */
  readonly differs?: string
  readonly ask: Ask
  /** one request after the other, each with the cookies of those before; the last one counts */
  readonly next?: readonly Ask[]
  /** default: that of the group */
  readonly home?: HomeSource
}

export interface Group {
  readonly title: string
  /** sentences in front of the table */
  readonly about: string
  readonly home: HomeSource
  readonly rows: readonly Row[]
}

/** made when the rows are tried, so that the page is written without a certificate */
export type HomeSource = (certificates: Certificates) => HomeOptions & { readonly own?: object }

export interface Ask {
  /** default: imported; null: none */
  readonly certificate?: keyof Certificates | null
  /** sent as it is */
  readonly header?: string | readonly string[]
  readonly headerName?: string
  /** XML of header blocks */
  readonly blocks?: string
  readonly authorization?: string
  /** `WSO2-Identity-User` */
  readonly identityUser?: string
  /** default: `soap`, who am I; `users`: whether a user exists; `open`: what nobody has to sign in for; `rest`: SCIM, who am I */
  readonly to?: 'soap' | 'users' | 'rest' | 'open'
  /** of the address: `/t/DOMAIN/…` */
  readonly domain?: string
}

export interface Certificates {
  readonly imported: Issued
  readonly 'imported, expired': Issued
  readonly 'imported, for servers': Issued
  readonly listed: Issued
  readonly issued: Issued
  readonly second: Issued
  readonly 'of another authority': Issued
  readonly 'of a public authority': Issued
  readonly 'of a twin': Issued
  readonly unknown: Issued
  readonly revoked: Issued
  readonly named: Issued
  readonly 'named twice': Issued
  readonly unnamed: Issued
  readonly 'named by mail': Issued
  readonly 'named by two mails': Issued
  readonly 'named by a URI': Issued
  readonly 'named after nobody': Issued
  readonly 'named after somebody locked': Issued
  readonly authorities: Readonly<Record<'machines' | 'other' | 'public' | 'twin', ReturnType<typeof testAuthority>>>
}

export const machinesName = 'CN=Machines,O=Example'

export function makeCertificates(): Certificates {
  const [machines, other, web] = [machinesName, 'CN=Other', 'CN=Web Trust'].map(name => testAuthority({ name })) as [
    ReturnType<typeof testAuthority>,
    ReturnType<typeof testAuthority>,
    ReturnType<typeof testAuthority>,
  ]
  // certified by an authority that is trusted, and called like another that is
  const twin = other.intermediate({ name: machinesName })
  const past = { notBefore: Date.now() - 9 * day, notAfter: Date.now() - day }
  return {
    imported: selfSigned({ subject: 'CN=imported' }),
    'imported, expired': selfSigned({ subject: 'CN=old', ...past }),
    'imported, for servers': selfSigned({ subject: 'CN=web', extKeyUsage: ['serverAuth'] }),
    listed: machines.issue({ subject: 'CN=listed' }),
    issued: machines.issue({ subject: 'CN=machine' }),
    second: machines.issue({ subject: 'CN=second' }),
    'of another authority': other.issue({ subject: 'CN=other' }),
    'of a public authority': web.issue({ subject: 'CN=anybody.example' }),
    'of a twin': twin.issue({ subject: 'CN=machine' }),
    unknown: selfSigned({ subject: 'CN=unknown' }),
    revoked: machines.issue({ subject: 'CN=revoked' }),
    named: machines.issue({ subject: 'CN=alice,O=Example' }),
    'named twice': machines.issue({ subject: 'CN=alice,CN=ops,O=Example' }),
    unnamed: machines.issue({ subject: 'O=Example' }),
    'named by mail': machines.issue({ subject: 'O=Example', san: [{ email: 'alice@mail.example' }] }),
    'named by two mails': machines.issue({
      subject: 'O=Example',
      san: [{ email: 'alice@mail.example' }, { email: 'ops@mail.example' }],
    }),
    'named by a URI': machines.issue({ subject: 'O=Example', san: [{ uri: 'mailto:alice@mail.example' }] }),
    'named after nobody': machines.issue({ subject: 'CN=nobody' }),
    'named after somebody locked': machines.issue({ subject: 'CN=locked' }),
    authorities: { machines, other, public: web, twin },
  }
}

export const base64 = (text: string) => Buffer.from(text).toString('base64')
export const block = (text: string, namespace = 'http://mutualssl.carbon.wso2.org') =>
  `<m:UserName xmlns:m="${namespace}" soapenv:mustUnderstand="0">${text}</m:UserName>`
export const password = (name: string, secret = 'correct horse') => `Basic ${base64(`${name}:${secret}`)}`
