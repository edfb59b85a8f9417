/**
 * The octets that a password may have become in PKCS#12's own key derivation (RFC 7292 appendix B.1: BMPString with two zero octets).
 * An absent password is no octets at all, and makers differ on which of the two an empty one is. OpenSSL before 1.1.0 took
 * the octets of UTF-8 for characters.
 */
export function pkcs12Encodings(password: string): Buffer[] {
  if (password === '' || password === '\0') return [bmpString(''), Buffer.alloc(0)]
  const standard = bmpString(password)
  return isAscii(password) ? [standard] : [standard, bmpString(Buffer.from(password, 'utf8').toString('latin1'))]
}

/**
 * The octets that a password may have become in PBES1 and PBES2: UTF-8 (RFC 8018 section 3), or the low octet of each character
 * (Bouncy Castle); NSS before 3.30 took PKCS#12's form here too, and the JDK writes an empty password as one zero.
 */
export function pkcs5Encodings(password: string): Buffer[] {
  const utf8 = Buffer.from(password, 'utf8')
  if (password === '' || password === '\0') return [Buffer.alloc(0), Buffer.from([0]), bmpString('')]
  if (isAscii(password)) return [utf8, bmpString(password)]
  return [utf8, Buffer.from(password, 'latin1'), bmpString(password)]
}

/** In PBMAC1: UTF-8 by RFC 9579 section 5, ISO 8859-1 by Bouncy Castle. It is too young for other habits. */
export function pbmac1Encodings(password: string): Buffer[] {
  const utf8 = Buffer.from(password, 'utf8')
  return isAscii(password) ? [utf8] : [utf8, Buffer.from(password, 'latin1')]
}

/** UTF-16, high octet first, as JKS takes it. */
export function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

function bmpString(text: string): Buffer {
  return Buffer.concat([utf16be(text), Buffer.alloc(2)])
}

const isAscii = (text: string) => !/[^\x00-\x7f]/.test(text)
