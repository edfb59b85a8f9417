import { type Crl, crlMalformed } from '../x509/crl.ts'
import { type ReadCrlOptions, readCrl } from './read-crl.ts'

const begin = Buffer.from('-----BEGIN X509 CRL-----')
const end = Buffer.from('-----END X509 CRL-----')

/** The lists of a file: one in DER, or any number of PEM blocks. Never stops the event loop for long. Throws ERR_CRL_MALFORMED. */
export async function readCrlFile(bytes: Buffer, options: ReadCrlOptions = {}): Promise<Crl[]> {
  const crls: Crl[] = []
  for await (const der of listsOf(bytes)) crls.push(await readCrl(der, options))
  return crls
}

/** DER of each list. */
export async function* listsOf(bytes: Buffer): AsyncGenerator<Buffer> {
  let at = bytes.indexOf(begin)
  if (at === -1) return yield bytes
  for (; at !== -1; at = bytes.indexOf(begin, at)) {
    const from = at + begin.length
    const to = bytes.indexOf(end, from)
    if (to === -1) throw crlMalformed(new Error('a PEM block has no end'))
    yield await decode(bytes.subarray(from, to))
    at = to + end.length
  }
}

/** characters that are decoded at a time */
const portion = 524_288

async function decode(text: Buffer): Promise<Buffer> {
  const der = Buffer.allocUnsafeSlow(Math.ceil((text.length * 3) / 4))
  let length = 0
  let left = ''
  for (let at = 0; at < text.length; at += portion) {
    const more = left + text.toString('latin1', at, at + portion).replace(/\s+/g, '')
    if (!base64.test(more)) throw crlMalformed(new Error('a PEM block is not base64'))
    const whole = more.length - (more.length % 4)
    length += der.write(more.slice(0, whole), length, 'base64')
    left = more.slice(whole)
    if (at + portion < text.length) await new Promise(setImmediate)
  }
  if (left !== '') throw crlMalformed(new Error('a PEM block is cut short'))
  return der.subarray(0, length)
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/
