/** TLS alerts by number (RFC 8446 section 6, RFC 5246 section 7.2), in words for somebody who has to act on them. */
export const alerts: ReadonlyMap<number, { readonly name: string; readonly words: string }> = new Map(
  (
    [
      [0, 'close_notify', 'it ends the connection in good order'],
      [10, 'unexpected_message', 'it got a message that it did not expect'],
      [20, 'bad_record_mac', 'a record did not decrypt'],
      [22, 'record_overflow', 'a record was too long'],
      [40, 'handshake_failure', 'it found nothing in the offer that it can agree to'],
      [41, 'no_certificate', 'it got no certificate'],
      [42, 'bad_certificate', 'the certificate is broken, or its signature does not verify'],
      [43, 'unsupported_certificate', 'the certificate is of a kind that it does not take'],
      [44, 'certificate_revoked', 'the certificate was revoked'],
      [45, 'certificate_expired', 'the certificate has expired'],
      [46, 'certificate_unknown', 'something about the certificate made it unacceptable'],
      [47, 'illegal_parameter', 'a field was out of range'],
      [48, 'unknown_ca', 'it knows no authority that vouches for the certificate'],
      [49, 'access_denied', 'the certificate is valid, but may not come in'],
      [50, 'decode_error', 'a message could not be read'],
      [51, 'decrypt_error', 'a signature in the handshake did not verify'],
      [70, 'protocol_version', 'it takes none of the offered protocol versions'],
      [71, 'insufficient_security', 'it asks for stronger cipher suites than were offered'],
      [80, 'internal_error', 'something went wrong inside the server'],
      [86, 'inappropriate_fallback', 'the client fell back to an older version than it needs to'],
      [90, 'user_canceled', 'it was cancelled'],
      [100, 'no_renegotiation', 'it does not renegotiate'],
      [109, 'missing_extension', 'an extension that it needs was not sent'],
      [110, 'unsupported_extension', 'an extension was not expected'],
      [112, 'unrecognized_name', 'it has no certificate for the name that was asked for'],
      [113, 'bad_certificate_status_response', 'an OCSP answer was not valid'],
      [115, 'unknown_psk_identity', 'it does not know that pre-shared key'],
      [116, 'certificate_required', 'it requires a client certificate, and got none'],
      [120, 'no_application_protocol', 'it speaks none of the application protocols that were offered'],
    ] as const
  ).map(([number, name, words]) => [number, { name, words }]),
)

export const protocolNames: ReadonlyMap<number, string> = new Map([
  [0x0301, 'TLSv1.0'],
  [0x0302, 'TLSv1.1'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
])

/** RFC 8446 section 4.2.3, RFC 5246 section 7.4.1.4.1 */
const schemes: ReadonlyMap<number, string> = new Map([
  [0x0101, 'rsa_pkcs1_md5'],
  [0x0201, 'rsa_pkcs1_sha1'],
  [0x0202, 'dsa_sha1'],
  [0x0203, 'ecdsa_sha1'],
  [0x0301, 'rsa_pkcs1_sha224'],
  [0x0302, 'dsa_sha224'],
  [0x0303, 'ecdsa_sha224'],
  [0x0401, 'rsa_pkcs1_sha256'],
  [0x0402, 'dsa_sha256'],
  [0x0403, 'ecdsa_secp256r1_sha256'],
  [0x0501, 'rsa_pkcs1_sha384'],
  [0x0503, 'ecdsa_secp384r1_sha384'],
  [0x0601, 'rsa_pkcs1_sha512'],
  [0x0603, 'ecdsa_secp521r1_sha512'],
  [0x0804, 'rsa_pss_rsae_sha256'],
  [0x0805, 'rsa_pss_rsae_sha384'],
  [0x0806, 'rsa_pss_rsae_sha512'],
  [0x0807, 'ed25519'],
  [0x0808, 'ed448'],
  [0x0809, 'rsa_pss_pss_sha256'],
  [0x080a, 'rsa_pss_pss_sha384'],
  [0x080b, 'rsa_pss_pss_sha512'],
  [0x081a, 'ecdsa_brainpoolP256r1tls13_sha256'],
  [0x081b, 'ecdsa_brainpoolP384r1tls13_sha384'],
  [0x081c, 'ecdsa_brainpoolP512r1tls13_sha512'],
  [0x0904, 'mldsa44'],
  [0x0905, 'mldsa65'],
  [0x0906, 'mldsa87'],
])

export function schemeName(scheme: number): string {
  return schemes.get(scheme) ?? hexadecimal(scheme)
}

/** RFC 5246 section 7.4.4, RFC 8422 section 5.5 */
const certificateTypes: ReadonlyMap<number, string> = new Map([
  [1, 'rsa_sign'],
  [2, 'dss_sign'],
  [3, 'rsa_fixed_dh'],
  [4, 'dss_fixed_dh'],
  [64, 'ecdsa_sign'],
  [65, 'rsa_fixed_ecdh'],
  [66, 'ecdsa_fixed_ecdh'],
])

export function certificateTypeName(type: number): string {
  return certificateTypes.get(type) ?? hexadecimal(type)
}

export function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}
