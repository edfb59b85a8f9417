/** What a proxy says that its client presented: DER. */
export interface ForwardedCertificate {
  readonly leaf: Buffer
  /** the others; undefined: not known, because the form says nothing of them when the client resumed its session */
  readonly rest: readonly Buffer[] | undefined
}

/** One form: how the value of a header is read. A string is the reason why it cannot be. */
export type ReadForm = (value: string, chain: string | undefined) => ForwardedCertificate | string

/** A proxy that hands on more has not looked at it; trust would refuse it anyway. */
export const mostCertificates = 32

/** RFC 4648 section 4, and one spelling only: encoding the octets again tells of stray bits, blanks and missing padding. */
export function canonicalBase64(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64')
  return octets.length > 0 && octets.toString('base64') === text ? octets : undefined
}

/** Percent-encoded UTF-8 (RFC 3986 section 2.1), in which blanks are encoded too; `+` stands for itself. */
export function percentDecoded(text: string): string | undefined {
  if (/\s/.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

export function chainOf(certificates: readonly Buffer[]): ForwardedCertificate | string {
  const [leaf, ...rest] = certificates
  if (leaf === undefined) return 'holds no certificate'
  if (certificates.length > mostCertificates) return `holds more than ${mostCertificates} certificates`
  return { leaf, rest }
}
