import { z } from 'zod'
import { forwardAuthOptions } from './forward-auth-options.ts'

const text = z.string().min(1).max(4096)
const fieldName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of a header: letters, digits and hyphens')
  .refine(name => !steering.test(name), { message: 'is a header that means something else already' })

/** Headers that HTTP or we read for something else. */
const steering =
  /^(?:authorization|cookie|host|connection|content-.*|transfer-encoding|te|upgrade|signature|signature-input)$/i

/** What each kind of proof has for itself, as far as no default stands for it. */
const keysOfProofs = {
  certificate: ['thumbprints', 'anchor', 'subject', 'san'],
  signature: ['keyId', 'secret'],
  socket: ['path', 'listener'],
} as const

export const proofOptions = z
  .strictObject({
    by: z
      .enum(['certificate', 'signature', 'socket'])
      .default('certificate')
      .describe(
        'certificate: its own client certificate, which the listener trusts. signature: an HTTP Message Signature (RFC 9421, hmac-sha256) on each request. socket: it connects to a Unix socket that nobody else on this machine may open. An address alone proves nothing.',
      ),
    thumbprints: z
      .array(text)
      .min(1)
      .max(100)
      .optional()
      .describe('By certificate: SHA-256 thumbprints of the proxy’s certificates, the old and the new one, say.'),
    anchor: text
      .optional()
      .describe(
        'By certificate: alias of the trust store entry that vouches for it, together with subject or san: for certificates that are renewed often.',
      ),
    subject: text
      .optional()
      .describe('With anchor: the whole subject, as in RFC 4514, compared attribute by attribute.'),
    san: z
      .strictObject({
        dns: text.optional().describe('The DNS name, exactly.'),
        uri: text.optional().describe('The URI, exactly (`spiffe://example.org/ns/edge/sa/proxy`).'),
      })
      .refine(san => (san.dns === undefined) !== (san.uri === undefined), { error: 'name either dns or uri' })
      .optional()
      .describe('With anchor: one subject alternative name.'),
    keyId: z
      .string()
      .regex(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'printable ASCII without quotation mark and backslash')
      .optional()
      .describe('By signature: the `keyid` parameter of the proxy’s signatures.'),
    secret: text
      .optional()
      .describe(
        'By signature: the shared secret, at least 32 bytes: `env:NAME` takes it from the environment, `file:PATH` from a file.',
      ),
    maxAge: z
      .int()
      .min(1)
      .max(300)
      .default(30)
      .describe('By signature: seconds after `created` for which a signature counts. Each `nonce` counts once.'),
    path: text
      .optional()
      .describe(
        'By socket: where the Unix socket is made, which speaks HTTP/1.1 without TLS. It goes when the server stops.',
      ),
    access: z
      .enum(['owner', 'group'])
      .default('owner')
      .describe(
        'By socket: who may open it. owner: the user that Countersign runs as, and root. group: the members of the group of the socket as well; all of them are this proxy then.',
      ),
    listener: text
      .optional()
      .describe(
        'By socket: the listener by whose trust store and limits its clients are judged. Default: the only one.',
      ),
  })
  .check(({ value, issues }) => {
    const complain = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value })
    const { by, thumbprints, anchor, subject, san, keyId, secret, path } = value
    for (const [other, keys] of Object.entries(keysOfProofs)) {
      if (other === by) continue
      for (const key of keys) if (value[key] !== undefined) complain([key], `${key} is for a proof by ${other}`)
    }
    if (by === 'socket') {
      if (path === undefined) complain(['path'], 'a proof by socket needs a path')
      return
    }
    if (by === 'signature') {
      if (keyId === undefined) complain(['keyId'], 'a proof by signature needs a keyId')
      if (secret === undefined) complain(['secret'], 'a proof by signature needs a secret')
      return
    }
    const named = (subject === undefined ? 0 : 1) + (san === undefined ? 0 : 1)
    if (thumbprints !== undefined) {
      if (anchor !== undefined || named > 0) complain(['thumbprints'], 'name either thumbprints or an anchor, not both')
    } else if (anchor === undefined) {
      complain([], 'name the thumbprints of the proxy’s certificates, or an anchor together with a subject or san')
    } else if (named !== 1) {
      complain(['anchor'], 'an anchor alone would make every certificate below it a proxy: name a subject or a san')
    }
  })

/** How the certificate of the client is written into a request; a proxy has exactly one way. */
export const forwardedForms = [
  'client-cert',
  'xfcc',
  'nginx',
  'haproxy',
  'traefik',
  'aws-alb',
  'pem-header',
  'none',
] as const

export type ForwardedForm = (typeof forwardedForms)[number]

/** The header of the forms whose header can be called anything. */
export const defaultHeaders: Partial<Record<ForwardedForm, string>> = {
  nginx: 'X-SSL-Client-Cert',
  haproxy: 'X-SSL-Client-DER',
  'aws-alb': 'X-Amzn-Mtls-Clientcert',
  'pem-header': 'X-SSL-CERT',
}

export const clientCertificateOptions = z
  .strictObject({
    form: z
      .enum(forwardedForms)
      .default('client-cert')
      .describe(
        'client-cert: `Client-Cert` and `Client-Cert-Chain` (RFC 9440). xfcc: Envoy’s `X-Forwarded-Client-Cert`. nginx: `$ssl_client_escaped_cert`. haproxy: base64 of the DER. traefik: `X-Forwarded-Tls-Client-Cert`. aws-alb: `X-Amzn-Mtls-Clientcert`. pem-header: PEM in one line, as WSO2 takes it. none: it forwards none.',
      ),
    header: fieldName
      .optional()
      .describe(
        'Name of the header, for nginx (default X-SSL-Client-Cert), haproxy (X-SSL-Client-DER), pem-header (X-SSL-CERT) and aws-alb (X-Amzn-Mtls-Clientcert; -Leaf in its verify mode).',
      ),
    chainHeader: fieldName
      .optional()
      .describe('haproxy: header with the base64 of the certificates of the whole chain (`ssl_c_chain_der`).'),
    encoding: z
      .enum(['plain', 'url'])
      .default('plain')
      .describe('pem-header: plain, with blanks or tabs for line ends, or url: percent-encoded.'),
  })
  .check(({ value, issues }) => {
    const complain = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value })
    const { form, header, chainHeader, encoding } = value
    if (header !== undefined && defaultHeaders[form] === undefined)
      complain(['header'], `the form ${form} has a header of its own`)
    if (form === 'aws-alb' && header !== undefined && !/^x-amzn-mtls-clientcert(?:-leaf)?$/i.test(header))
      complain(['header'], 'X-Amzn-Mtls-Clientcert or X-Amzn-Mtls-Clientcert-Leaf')
    if (chainHeader !== undefined && form !== 'haproxy') complain(['chainHeader'], 'chainHeader is for haproxy')
    if (encoding !== 'plain' && form !== 'pem-header') complain(['encoding'], 'encoding is for pem-header')
  })

export const proxyOptions = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, dots, hyphens and underscores')
      .describe('Name of the proxy in logs and audit records.'),
    proof: proofOptions.describe('How the proxy proves that it is this proxy.'),
    clientCertificate: clientCertificateOptions
      .prefault({})
      .describe(
        'In which one form it hands on the certificate of its client. Every other form is ignored and dropped.',
      ),
    addressHeader: fieldName
      .optional()
      .describe(
        'Header with the address of the client, which the proxy must set (`X-Forwarded-For`): the last address in it counts. Without: the address of the proxy.',
      ),
    forwardAuth: forwardAuthOptions
      .optional()
      .describe('That it may ask at `/auth/check` whether a request is let in, and how it does. Left out: it may not.'),
  })
  .check(({ value, issues }) => {
    const { proof, addressHeader, forwardAuth } = value
    const complain = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value })
    if (proof.by === 'socket' && addressHeader === undefined && forwardAuth?.form !== 'envoy-grpc')
      complain(
        ['addressHeader'],
        'a Unix socket has no address that could stand for that of the client: name the header',
      )
    if (forwardAuth?.form !== 'envoy-grpc') return
    if (proof.by === 'signature')
      complain(['proof', 'by'], 'a signature covers no message of gRPC: Envoy has to present a certificate')
    if (proof.by === 'socket')
      complain(['proof', 'by'], 'the socket speaks HTTP/1.1, and gRPC is HTTP/2: Envoy has to present a certificate')
    if (addressHeader !== undefined) complain(['addressHeader'], 'with envoy-grpc the message tells the address')
    if (forwardAuth.cacheSeconds > 0 || forwardAuth.insecureCacheSeconds !== undefined)
      complain(['forwardAuth'], 'Envoy keeps no answers')
  })

export const proxiesOptions = z
  .array(proxyOptions)
  .max(100)
  .default([])
  .describe(
    'Proxies in front, which end TLS and hand on the certificate of the client. Only what such a proxy says is believed, and its own certificate never stands for a user.',
  )

export type ProxyOptions = z.output<typeof proxyOptions>
