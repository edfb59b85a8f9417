import type { ProblemCode } from '../../server/http/problem.ts'

export interface Explanation {
  /** under which heading of the index the problem stands */
  readonly group: ProblemGroup
  /** what happened, to somebody who does not know X.509 */
  readonly meaning: string
  /** what the person who runs this server can do */
  readonly administrator: string
  /** to paste; capitals are to be replaced, REQUEST-ID is where it is known */
  readonly commands: readonly string[]
}

export const problemGroups = {
  certificate: 'Your certificate',
  identity: 'Who you are here',
  request: 'The request',
  server: 'This server and what stands behind it',
} as const

export type ProblemGroup = keyof typeof problemGroups

/** What the pages under /problems/ say beyond title and remedy. Every code has its entry: the compiler sees to it. */
export const explanations: Readonly<Record<ProblemCode, Explanation>> = {
  certificate_required: {
    group: 'certificate',
    meaning:
      'This address is for callers who prove who they are with a client certificate, and none was presented in the TLS handshake. A browser asks for one only when a matching certificate with its key is installed.',
    administrator:
      'See whether the certificate and its key arrive at all. With `clientAuth: want` another way to sign in can answer where there is no certificate; the route has to admit it under `require`.',
    commands: ['curl --cert client.crt --key client.key --cacert ca.crt https://HOST:PORT/whoami'],
  },
  certificate_expired: {
    group: 'certificate',
    meaning:
      'A certificate is valid between two dates, and the last day of this one, or of an authority above it, is over. Nothing is wrong with the key; the proof has run out.',
    administrator:
      'Look at the dates. If the last day is still to come, the clock of this server is ahead. If it is over, issue a new certificate and bind it to the same user.',
    commands: ['openssl x509 -in client.crt -noout -subject -dates', 'date -u'],
  },
  certificate_not_yet_valid: {
    group: 'certificate',
    meaning:
      'The first day of the certificate, or of an authority above it, is still to come. Most often the clock of the machine that made it was ahead, or the clock of this server is behind.',
    administrator: 'Compare the first day with the clock of this server.',
    commands: ['openssl x509 -in client.crt -noout -subject -dates', 'date -u'],
  },
  issuer_unknown: {
    group: 'certificate',
    meaning:
      'No way leads from the certificate to an authority that this server trusts. Either an intermediate certificate was not sent along, or the authority at the top is none of ours.',
    administrator:
      'Let the client send its intermediate certificates, or add the authority to the trust store. Whoever holds a certificate of that authority is then let in as far as the bindings allow.',
    commands: [
      'countersign cert verify client.crt --trust client-truststore.p12 --intermediates chain.pem',
      'countersign keystore import client-truststore.p12 partner-ca.crt --alias partner-ca',
    ],
  },
  signature_invalid: {
    group: 'certificate',
    meaning:
      'The certificate names an issuer that is trusted here, but the signature on it was not made with that issuer’s key. It was changed on the way, or somebody else made it.',
    administrator:
      'Compare the certificate with the one that the authority issued. When an authority has changed its key under the same name, the trust store needs its new certificate.',
    commands: ['countersign cert verify client.crt --trust client-truststore.p12'],
  },
  certificate_revoked: {
    group: 'certificate',
    meaning:
      'The authority that issued the certificate has taken it back. That happens when a key was lost or copied, or when somebody has left. It cannot be undone: a new certificate with a new key is needed.',
    administrator: 'The revocation list says when and why.',
    commands: ['openssl crl -in authority.crl -noout -text'],
  },
  certificate_locked: {
    group: 'certificate',
    meaning: 'Somebody who runs this server has locked this very certificate here. Its issuer still stands by it.',
    administrator: 'The audit record says who locked it, and when.',
    commands: ['countersign audit list --code certificate_locked'],
  },
  revocation_unknown: {
    group: 'certificate',
    meaning:
      'This server has to be sure that a certificate was not taken back before it lets its holder in, and it could not find out: the issuer’s revocation list is missing, out of date or out of reach.',
    administrator:
      'Install the current list of each authority on the path. With `revocation.mode: prefer` the server goes on without one, and says so in its log.',
    commands: ['openssl crl -in authority.crl -noout -issuer -lastupdate -nextupdate'],
  },
  purpose_not_allowed: {
    group: 'certificate',
    meaning:
      'The issuer made this certificate for something else, such as a web server or signed mail, and said so in it. It cannot be used to sign in as a client.',
    administrator:
      'Issue a certificate with the extended key usage clientAuth, and digitalSignature if it names key usages at all. Public authorities no longer issue such certificates: use one of your own.',
    commands: ['openssl x509 -in client.crt -noout -ext extendedKeyUsage,keyUsage'],
  },
  constraint_violated: {
    group: 'certificate',
    meaning:
      'An authority above this certificate may vouch only for certain names, policies or uses, and this certificate is outside of what it may vouch for.',
    administrator: 'See which certificate sets the constraint, and let the authority issue within it.',
    commands: [
      'openssl x509 -in intermediate.crt -noout -ext nameConstraints,basicConstraints,certificatePolicies',
      'countersign cert verify client.crt --trust client-truststore.p12 --intermediates intermediate.crt',
    ],
  },
  path_too_long: {
    group: 'certificate',
    meaning:
      'Too many certificates stand between this one and the trusted authority, or an authority on the way allows fewer below it.',
    administrator:
      'Put an authority that is nearer to the client into the trust store, or let the client send only what is on its path.',
    commands: ['countersign cert verify client.crt --trust client-truststore.p12 --intermediates chain.pem'],
  },
  key_too_weak: {
    group: 'certificate',
    meaning:
      'The key is so short, or the signature so old in kind, that somebody could forge it: RSA below 2048 bits, MD5 or SHA-1, or a curve that is not one of the standard ones.',
    administrator: 'Issue a new certificate with a new key. One line makes a good key and a request.',
    commands: [
      "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -out client.csr -subj '/CN=alice'",
    ],
  },
  certificate_malformed: {
    group: 'certificate',
    meaning:
      'What was presented is not a certificate as the X.509 standard describes it. Programs that read it differently would see different names in it, so it is not read at all.',
    administrator:
      'The detail names the rule. The authority’s software has to be mended and the certificate issued anew.',
    commands: ['countersign cert show client.crt'],
  },
  not_allow_listed: {
    group: 'certificate',
    meaning:
      'This server lets in only certificates that are on a list, one by one. This certificate is otherwise in order, but it is not on the list.',
    administrator:
      'Check with the holder that the thumbprint is right, then add it under `authenticators.mutual-tls.allowList.thumbprints`. A running server takes the change over by itself.',
    commands: ['openssl x509 -in client.crt -noout -fingerprint -sha256', 'countersign check-config'],
  },
  certificate_not_bound: {
    group: 'identity',
    meaning:
      'The certificate is trusted, but nothing here says that its holder may act as this user. A certificate alone makes nobody a user: a binding does.',
    administrator: 'Bind the certificate to the user, by its thumbprint or by a rule.',
    commands: [
      'countersign cert explain client.crt',
      'countersign binding list',
      'countersign binding add --certificate client.crt --user alice',
    ],
  },
  binding_ambiguous: {
    group: 'identity',
    meaning:
      'Two bindings fit this certificate equally well and lead to different users. Rather than pick one, the server lets nobody in.',
    administrator: 'List the bindings, and remove one or add one for the thumbprint, which counts more than any rule.',
    commands: ['countersign cert explain client.crt', 'countersign cert show client.crt', 'countersign binding list'],
  },
  username_malformed: {
    group: 'identity',
    meaning:
      'The request names the user to act as in a header, and that header cannot be read: it came twice, is not base64, or is not text.',
    administrator: 'This makes the header for a user called alice, as it is expected by default.',
    commands: [
      'curl --cert client.crt --key client.key -H "UserName: $(printf alice | base64)" https://HOST:PORT/whoami',
    ],
  },
  credentials_required: {
    group: 'identity',
    meaning:
      'Nothing in the request says who you are: there was neither a usable client certificate nor another credential that is accepted here.',
    administrator:
      'The WWW-Authenticate field of the answer names the ways to sign in that are switched on under `authenticators`.',
    commands: ['curl -v -u alice https://HOST:PORT/whoami'],
  },
  credentials_invalid: {
    group: 'identity',
    meaning:
      'The user name and the password do not belong together. For your own protection the answer is the same whether or not there is such a user.',
    administrator: 'Set a new password. It is asked for, and stands in no process list.',
    commands: ['countersign user password alice'],
  },
  account_locked: {
    group: 'identity',
    meaning: 'The account exists, and an administrator has locked it.',
    administrator: 'The audit record says who locked it. Unlocking takes effect at once.',
    commands: ['countersign user unlock alice', 'countersign audit list --user alice'],
  },
  tenant_inactive: {
    group: 'identity',
    meaning:
      'The account exists, and belongs to a tenant that an administrator has made inactive: nobody of that tenant gets in until it is active again.',
    administrator: 'The audit record says who did that. Making the tenant active takes effect at once.',
    commands: ['countersign tenant list', 'countersign tenant activate partner.example'],
  },
  attempts_throttled: {
    group: 'identity',
    meaning:
      'After several wrong passwords the next attempt has to wait, longer each time, whether they were for one user or came from one address. The password was not looked at this time.',
    administrator:
      'Somebody is guessing, or a program uses an old password: the log has the address. Certificates are not held back. Where all clients come through one proxy, raise `users.passwords.failuresPerAddress`.',
    commands: ['countersign user password alice'],
  },
  forbidden: {
    group: 'identity',
    meaning:
      'You were recognised, and this address is not open to you: it asks for a role, or another way of signing in, or it was called from another site.',
    administrator: 'Compare the roles of the user with what the route allows.',
    commands: [
      'countersign cert explain client.crt --path PATH',
      'countersign cert explain --request REQUEST-ID',
      'countersign user list',
      'countersign audit list --request REQUEST-ID',
    ],
  },
  proxy_not_proven: {
    group: 'identity',
    meaning:
      'Something was asked or said here that is for a proxy in front alone: whom a forwarded certificate belongs to, or whether a request of somebody else may go on. Whoever sent it did not prove that it is such a proxy.',
    administrator:
      'Name the proxy under `proxies`, with its certificate or its secret, and let it present that certificate or sign its requests. An address alone is no proof.',
    commands: ['countersign cert show proxy.crt', 'countersign audit list --request REQUEST-ID'],
  },
  bad_request: {
    group: 'request',
    meaning:
      'The request could be read in two ways, and what one server takes for harmless another might not. So it is refused before anything is done.',
    administrator: 'The detail names the part. The log has the request under its ID.',
    commands: [],
  },
  not_found: {
    group: 'request',
    meaning: 'No route leads to this path. Upper and lower case count, and so does a slash at the end.',
    administrator: 'Routes stand under `routes` in the configuration.',
    commands: ['countersign check-config'],
  },
  method_not_allowed: {
    group: 'request',
    meaning: 'The address is right, but it does not take this method.',
    administrator: 'The Allow field of the answer names the methods.',
    commands: [],
  },
  request_timeout: {
    group: 'request',
    meaning: 'The request began, and then nothing more of it came for too long.',
    administrator: 'Slow clients with large uploads need a longer `timeouts.idle` on the route.',
    commands: [],
  },
  conflict: {
    group: 'request',
    meaning: 'A user or group of that name is there already, or operations of one request wait for each other.',
    administrator: 'The detail names what is in the way.',
    commands: [],
  },
  precondition_failed: {
    group: 'request',
    meaning:
      'The change was meant for one version (If-Match), and there is another by now: somebody else was faster. Nothing was changed.',
    administrator: 'Nothing is wrong with the server.',
    commands: [],
  },
  payload_too_large: {
    group: 'request',
    meaning: 'More was sent than this address takes in one request.',
    administrator: 'The limit of the listener is `limits.maxBodyBytes`.',
    commands: [],
  },
  unsupported_media_type: {
    group: 'request',
    meaning: 'The body is of a type that cannot be read here.',
    administrator: 'The detail names the types that can.',
    commands: [],
  },
  expectation_failed: {
    group: 'request',
    meaning: 'The Expect field asks for something other than the usual 100-continue.',
    administrator: 'Nothing is wrong with the server. The client’s library has a setting for it.',
    commands: [],
  },
  too_many_requests: {
    group: 'request',
    meaning:
      'There were too many attempts in a short time, from this address or for this user. They are held back for a while, so that nobody can try passwords at speed.',
    administrator: 'Wait as long as the Retry-After field says; it is counted in seconds. The log names the address.',
    commands: [],
  },
  header_fields_too_large: {
    group: 'request',
    meaning: 'The header of the request, often a large cookie, is longer than this server reads.',
    administrator: 'The limit of the listener is `limits.maxHeaderBytes`.',
    commands: [],
  },
  internal_error: {
    group: 'server',
    meaning: 'Something broke on this side. It was not your doing.',
    administrator: 'The log has the cause under the request ID.',
    commands: [],
  },
  not_implemented: {
    group: 'server',
    meaning: 'The request uses a part of HTTP that this server does not speak.',
    administrator: 'The detail names it.',
    commands: [],
  },
  bad_gateway: {
    group: 'server',
    meaning:
      'You were let through, but the service behind this server could not be reached, or its answer broke the rules.',
    administrator: 'See whether the upstream of the route listens, and what the log says under the request ID.',
    commands: ['curl -v http://UPSTREAM/'],
  },
  service_unavailable: {
    group: 'server',
    meaning: 'The server is just starting, stopping, or full.',
    administrator: 'The readiness page of the management listener says what it waits for.',
    commands: ['curl http://127.0.0.1:9990/readyz'],
  },
  store_unavailable: {
    group: 'server',
    meaning:
      'Users and their rights are kept in a database, and it does not answer. Nobody is let in on what may have changed meanwhile. It is not your doing.',
    administrator: 'The readiness page of the management listener and the log say what is wrong with the database.',
    commands: ['curl http://127.0.0.1:9990/readyz'],
  },
  gateway_timeout: {
    group: 'server',
    meaning: 'You were let through, but the service behind this server did not answer in time.',
    administrator: 'The route’s `timeouts` say how long it is waited for, and the log says for what.',
    commands: ['curl -v --max-time 60 http://UPSTREAM/'],
  },
}
