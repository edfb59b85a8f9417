import { DerReader, readInteger, tag } from '../asn1/der.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { isSignedBy } from './crl-signer.ts'
import { crlFault } from './crl-validity.ts'
import type { Search } from './search.ts'

/** RFC 5280 sections 5.2.4 and 6.3.3 (c): the newest delta list that may be combined with a complete one; undefined: there is none. */
export function findDelta(complete: Crl, signer: Certificate, search: Search): Crl | undefined {
  const base = crlNumber(complete)
  if (base === undefined) return undefined
  let best: { crl: Crl; number: bigint } | undefined
  for (const crl of search.question.crls?.deltasIssuedBy(complete.issuer) ?? []) {
    const number = crlNumber(crl)
    const from = readNumber(crl, deltaCrlIndicator)
    if (number === undefined || from === undefined || from > base || number <= base) continue
    if (best !== undefined && best.number >= number) continue
    if (!sameScope(complete, crl) || crlFault(crl, search) !== undefined) continue
    if (isSignedBy(crl, signer, search)) best = { crl, number }
  }
  return best?.crl
}

const deltaCrlIndicator = '2.5.29.27'
const scopeExtensions = ['2.5.29.28', '2.5.29.35']

// (c)(2) and (c)(3): the same distribution point and the same authority key identifier
function sameScope(one: Crl, other: Crl): boolean {
  return scopeExtensions.every(oid => {
    const [mine, its] = [one.extensions.get(oid)?.value, other.extensions.get(oid)?.value]
    return mine === undefined || its === undefined ? mine === its : mine.equals(its)
  })
}

function crlNumber(crl: Crl): bigint | undefined {
  return readNumber(crl, '2.5.29.20')
}

function readNumber(crl: Crl, oid: string): bigint | undefined {
  const extension = crl.extensions.get(oid)
  return extension === undefined ? undefined : readInteger(new DerReader(extension.value).element(tag.integer))
}
