import { defaultHeaders, type ForwardedForm, type ProxyOptions } from '../options.ts'
import { readClientCert } from './client-cert.ts'
import { readDer, readTraefik } from './der.ts'
import type { ReadForm } from './forwarded-certificate.ts'
import { readEscapedChain, readEscapedPem, readPlainPem } from './pem.ts'
import { readXfcc } from './xfcc.ts'

/** Where a proxy writes the certificate of its client, and how. */
export interface Form {
  /** lower-case; undefined: in no header */
  readonly header: string | undefined
  /** lower-case name of the header with the rest of the chain */
  readonly chainHeader: string | undefined
  readonly read: ReadForm
}

export function createForm(options: ProxyOptions['clientCertificate']): Form {
  const { form, header, chainHeader, encoding } = options
  const own = ownHeaders[form]
  return {
    header: (own ?? header ?? defaultHeaders[form])?.toLowerCase(),
    chainHeader: form === 'client-cert' ? 'client-cert-chain' : chainHeader?.toLowerCase(),
    read: form === 'pem-header' && encoding === 'url' ? readEscapedChain : readers[form],
  }
}

const ownHeaders: Partial<Record<ForwardedForm, string>> = {
  'client-cert': 'Client-Cert',
  xfcc: 'X-Forwarded-Client-Cert',
  traefik: 'X-Forwarded-Tls-Client-Cert',
}

const readers: Readonly<Record<ForwardedForm, ReadForm>> = {
  'client-cert': readClientCert,
  xfcc: readXfcc,
  nginx: readEscapedPem,
  haproxy: readDer,
  traefik: readTraefik,
  'aws-alb': readEscapedChain,
  'pem-header': readPlainPem,
  none: () => 'is not expected',
}
