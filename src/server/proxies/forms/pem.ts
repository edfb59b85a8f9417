import {
  canonicalBase64,
  chainOf,
  type ForwardedCertificate,
  mostCertificates,
  percentDecoded,
} from './forwarded-certificate.ts'

/** nginx's `$ssl_client_escaped_cert`: the PEM of one certificate, percent-encoded. */
export function readEscapedPem(value: string): ForwardedCertificate | string {
  const certificate = readEscapedChain(value)
  if (typeof certificate === 'string' || certificate.rest?.length === 0) return certificate
  return 'holds more than one certificate'
}

/** The same for a leaf and whatever follows it, as load balancers of AWS write it. */
export function readEscapedChain(value: string): ForwardedCertificate | string {
  const text = percentDecoded(value)
  return text === undefined ? 'is not percent-encoded' : readPlainPem(text)
}

/**
 * PEM in which blanks or tabs may stand for the line ends, since a header has none. Nothing but certificates may stand there: what this
 * reader skipped another one might read.
 */
export function readPlainPem(text: string): ForwardedCertificate | string {
  const certificates: Buffer[] = []
  let at = skipBlanks(text, 0)
  while (at < text.length) {
    if (!text.startsWith(begin, at)) return 'holds something that is no certificate in PEM'
    const stop = text.indexOf(end, at + begin.length)
    if (stop === -1) return 'holds a certificate without an end'
    const octets = canonicalBase64(text.slice(at + begin.length, stop).replace(/[ \t\r\n]+/g, ''))
    if (octets === undefined) return 'holds a certificate that is not base64'
    if (certificates.push(octets) > mostCertificates) break
    at = skipBlanks(text, stop + end.length)
  }
  return chainOf(certificates)
}

const begin = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'

function skipBlanks(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at += 1
  return at
}
