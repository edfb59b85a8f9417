/**
 * The closed list of refusals: the word that clients, logs, metrics and audit share for each reason why somebody is not let in.
 * `status` is the HTTP status of the answer; `title` and `remedy` speak to the person at the other end about their own credentials.
 * docs/refusals.md and the pages under /problems/ are held to this list by a test.
 */
export const refusals = {
  certificate_required: {
    status: 401,
    title: 'A client certificate is required',
    remedy:
      'Present your client certificate and its key (curl: --cert FILE --key FILE), or sign in another way that this address offers.',
  },
  certificate_expired: {
    status: 401,
    title: 'The certificate has expired',
    remedy: 'Renew the certificate with the authority that issued it, and install the new one.',
  },
  certificate_not_yet_valid: {
    status: 401,
    title: 'The certificate is not valid yet',
    remedy: 'Check the clock of the machine that made the certificate, or wait until its first day.',
  },
  issuer_unknown: {
    status: 401,
    title: 'The issuer of the certificate is not trusted here',
    remedy:
      'Send the intermediate certificates along, or ask the administrator to add the issuing authority to the trust store.',
  },
  signature_invalid: {
    status: 401,
    title: 'A signature on the certificate path does not verify',
    remedy: 'The certificate was changed or was not made by the issuer that it names. Get it from the issuer again.',
  },
  certificate_revoked: {
    status: 401,
    title: 'The certificate has been revoked',
    remedy: 'Ask the issuing authority why, and request a new certificate with a new key.',
  },
  certificate_locked: {
    status: 401,
    title: 'The certificate is locked here',
    remedy: 'Ask the administrator of this server, who locked it.',
  },
  revocation_unknown: {
    status: 401,
    title: 'It could not be learned whether the certificate is revoked',
    remedy: "Try again later. The administrator finds in the log which of the issuer's responders failed, and how.",
  },
  purpose_not_allowed: {
    status: 401,
    title: 'The certificate may not be used for this purpose',
    remedy:
      'Request a certificate for client authentication (extended key usage clientAuth, key usage digitalSignature).',
  },
  constraint_violated: {
    status: 401,
    title: 'The certificate breaks a constraint of an authority above it',
    remedy: 'The issuing authority has to issue a certificate that its own constraints allow.',
  },
  path_too_long: {
    status: 401,
    title: 'The certificate path is too long',
    remedy: 'Send only the certificates between yours and the trust anchor, or use an issuer nearer to the anchor.',
  },
  key_too_weak: {
    status: 401,
    title: 'A key or signature algorithm is too weak',
    remedy:
      'Request a certificate with an RSA key of at least 2048 bits or an elliptic-curve key, signed with SHA-256 or better.',
  },
  certificate_malformed: {
    status: 401,
    title: 'The certificate is malformed',
    remedy:
      'The certificate breaks the X.509 standard in the way described. The issuing authority has to issue it anew.',
  },
  not_allow_listed: {
    status: 401,
    title: 'The certificate is not on the allow-list',
    remedy: 'Send the thumbprint of your certificate to the administrator, who can add it to the allow-list.',
  },
  certificate_not_bound: {
    status: 401,
    title: 'The certificate may not act as this user',
    remedy: 'Ask the administrator to bind your certificate to your user, and name only a user that it is bound to.',
  },
  binding_ambiguous: {
    status: 401,
    title: 'Two bindings give different users for this certificate',
    remedy: 'The administrator has to make the bindings agree, or name one user for the certificate by its thumbprint.',
  },
  username_malformed: {
    status: 401,
    title: 'The header that names the user is malformed',
    remedy: 'Send the user name once, encoded as this server expects it (by default base64 of UTF-8).',
  },
  credentials_required: {
    status: 401,
    title: 'Sign-in is required',
    remedy: 'Present a client certificate, or send credentials in one of the ways that the challenge names.',
  },
  credentials_invalid: {
    status: 401,
    title: 'The credentials are not valid',
    remedy: 'Check the user name and the password. After several failures, wait before the next attempt.',
  },
  account_locked: {
    status: 401,
    title: 'The account is locked',
    remedy: 'Ask the administrator to unlock the account.',
  },
  tenant_inactive: {
    status: 401,
    title: 'The tenant of the account is not active',
    remedy: 'Ask the administrator of this server, who made the tenant inactive.',
  },
  attempts_throttled: {
    status: 429,
    title: 'Too many attempts to sign in',
    remedy: 'Wait as long as the Retry-After field of the answer says. Attempts made before that are not looked at.',
  },
  forbidden: {
    status: 403,
    title: 'This user may not do this here',
    remedy: 'Ask the administrator for the role that this address requires.',
  },
  proxy_not_proven: {
    status: 403,
    title: 'Only a proxy that proves itself may do this',
    remedy:
      'Connect to this server directly, without the fields that only a proxy sends. The administrator configures proxies under `proxies`.',
  },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>

export type RefusalCode = keyof typeof refusals

/** A refusal as a value. `detail` is one sentence about this occurrence, fit for the holder of the proven key (invariant 8). */
export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  readonly detail: string
  /** when it makes sense to try again; becomes the Retry-After field of the answer */
  readonly retryAfterSeconds?: number
}

export function refuse(code: RefusalCode, detail: string): Refusal {
  return { ok: false, code, detail }
}
