/**
 * Every cause that a diagnosis can name. `{…}` stands for what is different each time. docs/doctor.md is made from this list.
 */
export const causes = {
  name_unresolved: {
    sentence: 'The name {host} does not resolve: {message}.',
    remedy: 'Check the spelling, and that this machine asks the right DNS server (getent hosts {host}).',
  },
  nothing_listens: {
    sentence: 'Nothing listens at {target}: the connection was refused.',
    remedy: 'Check the port, and that the server is up and listens on this address, not only on 127.0.0.1.',
  },
  host_unreachable: {
    sentence: '{target} cannot be reached: {message}.',
    remedy: 'Check the network, the routes and the address.',
  },
  connection_timeout: {
    sentence: 'No connection to {target} within {seconds} s: nothing answers, not even with a refusal.',
    remedy: 'A firewall that drops packets looks like this. Check the rules on the way, and the address.',
  },
  plain_http: {
    sentence: '{target} speaks plain HTTP, not TLS.',
    remedy:
      'Connect to the TLS port of the server, or switch TLS on for this port (nginx: listen … ssl). Behind a balancer, see who ends TLS.',
  },
  not_tls: {
    sentence: '{target} does not speak TLS: it began with {bytes}.',
    remedy: 'Another service has this port, or one that starts TLS only when asked (STARTTLS). Check the port.',
  },
  handshake_timeout: {
    sentence: '{target} took the connection, and said nothing in the TLS handshake for {seconds} s.',
    remedy:
      'The server hangs, has no thread left, or waits for a PROXY protocol header. Look at its log and at what stands between.',
  },
  connection_cut: {
    sentence: 'The connection was cut in the TLS handshake, {moment}: {message}.',
    remedy:
      'A balancer, a firewall, a server that waits for a PROXY header from this address, or one that refuses without a word does this. Look at the log of the server at this moment, and connect from beside it to rule out what stands between.',
  },
  no_common_protocol: {
    sentence: 'There is no common protocol version: the server takes {taken}, and this client TLSv1.2 and TLSv1.3.',
    remedy: 'Switch TLSv1.2 or TLSv1.3 on at the server (nginx: ssl_protocols TLSv1.2 TLSv1.3).',
  },
  no_common_suite: {
    sentence: 'There is no common cipher suite: the server takes {taken}.',
    remedy:
      'Let the server take a current suite, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256. A server with an ECDSA or RSA key only takes the suites of that key.',
  },
  server_name_unknown: {
    sentence: 'The server has no certificate for the name {name}.',
    remedy: 'Connect by a name that the server serves, or name one with --servername.',
  },
  handshake_refused: {
    sentence: 'The server ended the handshake with alert {alert}: {words}.',
    remedy: 'Look at the log of the server at this moment.',
  },
  handshake_failed: {
    sentence: 'The handshake failed on this side: {message}.',
    remedy: 'The server broke the protocol, or something between changed what it said. Connect from beside it.',
  },
  server_certificate_expired: {
    sentence: 'The certificate {subject} of the server expired on {date}.',
    remedy: 'Renew it with the authority that issued it, and install the new one with its chain at the server.',
  },
  server_certificate_not_yet_valid: {
    sentence: 'The certificate {subject} of the server is valid only from {date}.',
    remedy:
      'Compare the clock of this machine (date -u) with the right time. If it is right, the server came up with a certificate too early.',
  },
  server_wrong_name: {
    sentence: 'The certificate of the server is for {names}, and not for {name}.',
    remedy:
      'Connect by a name that it has (or pass one with --servername), or let the server have a certificate with {name} among its alternative names.',
  },
  server_chain_incomplete: {
    sentence: 'The server does not send the certificate of {issuer}, which issued {subject}.',
    remedy:
      'Install the whole chain at the server: its own certificate, then the intermediate ones (nginx: ssl_certificate fullchain.pem).',
  },
  server_issuer_unknown: {
    sentence: 'The certificate of the server leads to {issuer}, which is not trusted: it is not among {trust}.',
    remedy:
      "Compare that authority with the one you expect. If it is the right one, put its certificate in the client's trust store, and pass it here with --trust.",
  },
  server_wrong_purpose: {
    sentence: 'The certificate {subject} may not be used by a server: {detail}.',
    remedy: 'Let the server have a certificate with the extended key usage serverAuth.',
  },
  server_certificate_unfit: {
    sentence: 'The certificate {subject} of the server is not trusted: {detail}.',
    remedy: 'Get a certificate from the authority that keeps to its constraints, with a key and signature of today.',
  },
  client_key_mismatch: {
    sentence: 'The private key does not belong to the client certificate {subject}.',
    remedy:
      'Take the key that the certificate was requested with. These two have to print the same: openssl x509 -in CERT -noout -pubkey; openssl pkey -in KEY -pubout.',
  },
  client_certificate_missing: {
    sentence: 'The server requires a client certificate, and none was presented.',
    remedy:
      'Pass one with --cert FILE --key FILE (or --keystore FILE). The server asks for {wanted}. In a browser, install certificate and key together (.p12).',
  },
  client_certificate_not_asked: {
    sentence: 'The server wants to know who the client is, and does not ask for a certificate: none can be sent.',
    remedy:
      'Switch it on at the server: clientAuth want or need (nginx: ssl_verify_client). See who ends TLS on the way.',
  },
  client_certificate_expired: {
    sentence: 'The client certificate {subject} expired on {date}.',
    remedy: 'Renew it with the authority that issued it, and install the new one.',
  },
  client_certificate_not_yet_valid: {
    sentence: 'The client certificate {subject} is valid only from {date}.',
    remedy: 'Check the clock of the machine that made it, or wait until then.',
  },
  client_clock_differs: {
    sentence:
      'The server says that {subject} is {word}, though by the clock of this machine it is valid from {from} to {until}.',
    remedy: 'Compare the clocks (date -u on both). If they agree, look at the intermediate certificates on the server.',
  },
  client_wrong_purpose: {
    sentence: 'The client certificate {subject} may not be used by a client: {detail}.',
    remedy: 'Request one with the extended key usage clientAuth, and digitalSignature if it names key usages.',
  },
  client_key_weak: {
    sentence: 'The key of the client certificate {subject} is too weak: {detail}.',
    remedy: 'Request a certificate with an RSA key of at least 2048 bits or an elliptic-curve key (P-256).',
  },
  client_algorithm_unsupported: {
    sentence: 'The server takes no signature of the kind that the client’s key makes: it asks for {wanted}.',
    remedy: 'Use a certificate with a key of a kind that the server takes, or let the server take this one.',
  },
  client_issuer_unknown: {
    sentence: 'The server does not know the authority {issuer}, which issued the client certificate {subject}.',
    remedy:
      'Send the intermediate certificates along (in the file of --cert), or add the authority to the trust store of the server. The server asks for {wanted}.',
  },
  client_certificate_revoked: {
    sentence: 'The client certificate {subject} was revoked by its issuer, {issuer}.',
    remedy: 'Ask the issuing authority why, and request a new certificate with a new key.',
  },
  client_certificate_refused: {
    sentence: 'The server refuses the client certificate {subject}: {words}.',
    remedy: 'Nothing is wrong with it that can be seen from here. The log of the server says why, at this moment.',
  },
  refused_by_countersign: {
    sentence: 'TLS is in order; the server answers {status} {code}: {detail}',
    remedy: '{remedy}',
  },
  closed_without_answer: {
    sentence: 'The handshake was done, and then the server closed the connection without a word: {message}.',
    remedy: 'Look at the log of the server at this moment. A limit, or a server that speaks no HTTP, does this.',
  },
  answer_timeout: {
    sentence: 'The handshake was done, and then no answer to GET /whoami came within {seconds} s.',
    remedy: 'TLS is in order. What stands behind it hangs, or speaks no HTTP.',
  },
} as const satisfies Record<string, { sentence: string; remedy: string }>

export type CauseCode = keyof typeof causes

export interface Cause {
  readonly code: CauseCode
  readonly sentence: string
  readonly remedy: string
}

type Template = (typeof causes)[CauseCode]
type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never
type Values<C extends CauseCode> = Record<Placeholders<(typeof causes)[C][keyof Template]>, string | number>

/** A cause with its gaps filled. */
export function nameCause<C extends CauseCode>(code: C, values: Values<C>): Cause {
  const fill = (text: string) =>
    text.replaceAll(/\{(\w+)\}/gu, (_, name: string) => String((values as Record<string, unknown>)[name]))
  const { sentence, remedy } = causes[code]
  return { code, sentence: fill(sentence), remedy: fill(remedy) }
}
