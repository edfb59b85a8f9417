import { constants, createHash } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { writePem } from '../../pki/x509/pem.ts'
import type { ListenerOptions } from './options.ts'
import { checkServerIdentity, normalServerName, type ServerIdentity, serverNames } from './server-identity.ts'
import { renewTickets, type TicketRenewal } from './ticket-renewal.ts'

export interface SecureContexts {
  /** for clients that name no server, or one that no certificate is for */
  readonly fallback: SecureContext
  /** undefined when there is nothing to choose from */
  readonly choose: SniCallback | undefined
  /** Seals session tickets with this key from now on, and opens no other. */
  replaceTicketKey(key: Buffer): void
  /** has to hear of each handshake when it is done; undefined where spent tickets are not renewed */
  readonly handshakeDone: TicketRenewal['handshakeDone'] | undefined
}

export type SniCallback = (name: string, done: (error: Error | null, context?: SecureContext) => void) => void

/** TLS 1.3 first; TLS 1.2 with forward secrecy and authenticated encryption only (RFC 9325 section 4.2). */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/**
 * One context for each identity, the first one for everybody else. All share one policy: which name a client asks for decides which
 * certificate it sees and nothing else, so that a request for another name on the same connection finds the same rules.
 */
export function secureContexts(
  options: Pick<ListenerOptions, 'name' | 'protocols' | 'advertiseAuthorities' | 'ticketLifetime'>,
  identities: readonly [ServerIdentity, ...ServerIdentity[]],
  authorities: readonly Certificate[],
  ticketKey?: Buffer,
): SecureContexts {
  for (const identity of identities) checkServerIdentity(identity)
  // An empty list: OpenSSL knows no authority, checks no chain, and public roots are out of reach (invariant 4).
  const ca = options.advertiseAuthorities ? authorities.map(({ raw }) => writePem('CERTIFICATE', raw)) : []
  const contexts = identities.map(({ key, chain }) =>
    createSecureContext({
      key: key.export({ type: 'pkcs8', format: 'pem' }),
      cert: chain.map(({ raw }) => writePem('CERTIFICATE', raw)).join(''),
      ca,
      ciphers,
      honorCipherOrder: true,
      minVersion: options.protocols.includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3',
      maxVersion: options.protocols.includes('TLSv1.3') ? 'TLSv1.3' : 'TLSv1.2',
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
      // OpenSSL resumes a session only in the context it was made in; without a name it ends resuming connections in an error.
      sessionIdContext: createHash('sha256').update(`countersign ${options.name}`).digest('hex').slice(0, 32),
      sessionTimeout: options.ticketLifetime,
      // Without one, OpenSSL makes a key of its own for each context.
      ...(ticketKey === undefined ? {} : { ticketKeys: ticketKey }),
    }),
  )
  const fallback = contexts[0]!
  // A key of OpenSSL's own would never end, and renewing would go on with it for good.
  const renewal = ticketKey === undefined ? undefined : renewTickets(contexts, ticketKey)
  const names = new Map<string, SecureContext>()
  for (const [i, identity] of identities.entries()) {
    for (const name of serverNames(identity)) if (!names.has(name)) names.set(name, contexts[i]!)
  }
  return {
    fallback,
    choose: identities.length > 1 ? chooser(names, fallback) : undefined,
    handshakeDone: renewal?.handshakeDone,
    replaceTicketKey(key) {
      if (renewal !== undefined) return renewal.replaceKey(key)
      for (const { context } of contexts) context.setTicketKeys(key)
    },
  }
}

/** An exact name wins over a wildcard, which stands for one label (RFC 6125 section 6.4.3). Never throws: what comes in is the client's. */
function chooser(names: ReadonlyMap<string, SecureContext>, fallback: SecureContext): SniCallback {
  return (asked, done) => {
    const name = normalServerName(asked)
    const parent = name === undefined ? -1 : name.indexOf('.')
    const exact = name === undefined ? undefined : names.get(name)
    const wildcard = name === undefined || parent === -1 ? undefined : names.get(`*${name.slice(parent)}`)
    done(null, exact ?? wildcard ?? fallback)
  }
}
