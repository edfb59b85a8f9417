import { z } from 'zod'
import { isNetwork } from './proxy-protocol/networks.ts'

const milliseconds = (least: number, most: number) => z.int().min(least).max(most)

/** Bounds on what strangers can make a listener do. Each has a default that a well-behaved client never meets. */
export const listenerLimits = z
  .strictObject({
    maxConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Connections open at a time, those in their handshake included. Further ones are closed at once.'),
    maxConnectionsPerAddress: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(2_000)
      .describe(
        'The same, from one address. Behind a balancer that does not tell the addresses of its clients (proxyProtocol), raise it: all connections come from there.',
      ),
    handshakeTimeout: milliseconds(100, 600_000)
      .default(10_000)
      .describe('Milliseconds that a TLS handshake may take, from the first byte to the last.'),
    headersTimeout: milliseconds(100, 600_000)
      .default(15_000)
      .describe(
        'Milliseconds in which the header section of a request has to arrive, and the first request of a connection.',
      ),
    requestTimeout: milliseconds(100, 86_400_000)
      .default(120_000)
      .describe('Milliseconds in which a whole request has to arrive, body included.'),
    keepAliveTimeout: milliseconds(0, 86_400_000)
      .default(60_000)
      .describe('Milliseconds that a connection may rest between two requests.'),
    stallTimeout: milliseconds(100, 86_400_000)
      .default(120_000)
      .describe(
        'Milliseconds without a byte in either direction after which a connection with open requests is ended.',
      ),
    maxHeaderBytes: z
      .int()
      .min(1024)
      .max(1_048_576)
      .default(16_384)
      .describe('Bytes of the header section of a request.'),
    maxHeaderFields: z.int().min(10).max(2_000).default(100).describe('Fields in the header section of a request.'),
    maxBodyBytes: z
      .int()
      .min(0)
      .default(10_485_760)
      .describe('Bytes of the body of a request, declared or sent in chunks.'),
    maxRequestsPerConnection: z
      .int()
      .min(0)
      .default(0)
      .describe('Requests after which a connection is ended in good order; 0: any number.'),
    maxStreams: z
      .int()
      .min(1)
      .max(10_000)
      .default(128)
      .describe('HTTP/2: requests that one connection may have open at a time.'),
    streamResets: z
      .strictObject({
        burst: z.int().min(1).max(100_000).default(200).describe('HTTP/2: streams that a client may cancel at once.'),
        perSecond: z
          .int()
          .min(1)
          .max(10_000)
          .default(33)
          .describe('HTTP/2: streams that a client may cancel per second.'),
      })
      .prefault({})
      .describe('Bounds on cancelled streams (rapid reset); a client beyond them loses its connection.'),
  })
  .refine(limits => limits.headersTimeout <= limits.requestTimeout, {
    path: ['headersTimeout'],
    message: 'headersTimeout may not be longer than requestTimeout',
  })

export type ListenerLimits = z.infer<typeof listenerLimits>

export const listenerFields = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .default('main')
    .describe('Name of the listener in logs, metrics and audit records.'),
  address: z.string().default('0.0.0.0').describe('Address to listen on; `::` takes IPv6 and IPv4.'),
  port: z.int().min(0).max(65_535).default(9443).describe('Port to listen on; 0 takes any free one.'),
  clientAuth: z
    .enum(['none', 'want', 'need'])
    .default('want')
    .describe('Client certificates: not asked for, asked for, or required (no certificate, no connection).'),
  onUntrusted: z
    .enum(['explain', 'refuse'])
    .default('explain')
    .describe('A certificate that is not trusted: answer each request with the reason, or end the connection.'),
  advertiseAuthorities: z
    .boolean()
    .default(false)
    .describe(
      'Send the names of the trusted authorities when asking for a certificate: browsers then offer only matching ones.',
    ),
  protocols: z
    .array(z.enum(['TLSv1.3', 'TLSv1.2']))
    .min(1)
    .default(['TLSv1.3', 'TLSv1.2'])
    .describe('TLS versions. TLS 1.2 comes with authenticated encryption (AEAD) and forward secrecy only.'),
  http: z
    .array(z.enum(['h2', 'http/1.1']))
    .min(1)
    .default(['h2', 'http/1.1'])
    .describe('HTTP versions in the order of preference.'),
  ticketLifetime: z
    .int()
    .min(0)
    .max(86_400)
    .default(7_200)
    .describe(
      'Seconds in which a client may resume a TLS session, from its last connection on. A resumed connection is judged like a new one.',
    ),
  stapling: z
    .enum(['when-named', 'never'])
    .default('when-named')
    .describe(
      "Hand clients the answer of the responder that the server's own certificate names (OCSP stapling): asked ahead, never during a handshake.",
    ),
  proxyProtocol: z
    .strictObject({
      from: z
        .array(
          z.string().refine(isNetwork, { error: 'an address, or a network in CIDR notation that is not everybody' }),
        )
        .min(1)
        .max(1000)
        .describe(
          'Addresses and networks (CIDR) of the balancers. From there every connection has to begin with a header of the PROXY protocol, version 1 or 2, and the client is where it says; from anywhere else none is read.',
        ),
    })
    .optional()
    .describe('TCP balancers in front, which pass TLS on as it is and say where the client is (the PROXY protocol).'),
  limits: listenerLimits.prefault({}).describe('Bounds on connections and requests.'),
}

export const listenerOptions = z.strictObject(listenerFields)

export type ListenerOptions = z.infer<typeof listenerOptions>
