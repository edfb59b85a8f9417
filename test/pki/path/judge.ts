import assert from 'node:assert/strict'
import { type PathOptions, validatePath } from '../../../src/pki/path/validate.ts'
import type { Trusted, Verdict } from '../../../src/pki/path/verdict.ts'
import { parseCertificate as certificateOf } from '../../../src/pki/x509/certificate.ts'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import type { RefusalCode } from '../../../src/refusals.ts'
import { baseTime, day, type Issued, selfSigned } from '../../support/certificates.ts'

/** Noon of the day on which all test certificates are valid. */
export const noon = baseTime + day / 2

export interface Chain extends Partial<PathOptions> {
  readonly anchors: readonly Issued[]
  /** default: what the leaf's own chain holds */
  readonly intermediates?: readonly Issued[]
  /** DER */
  readonly crls?: readonly Buffer[]
}

/** The verdict on a leaf; anchors are called anchor 1, anchor 2, … */
export function judge(leaf: Issued, chain: Chain): Verdict {
  const { anchors, intermediates = leaf.chain.slice(1).map(der => ({ der })), crls, ...options } = chain
  return validatePath(
    {
      leaf: leaf.certificate,
      intermediates: intermediates.map(each => ('certificate' in each ? each.certificate : certificateOf(each.der))),
      anchors: anchors.map(({ certificate }, i) => ({ alias: `anchor ${i + 1}`, certificate })),
      ...(crls === undefined ? {} : { crls: crls.map(der => parseCrl(der)) }),
    },
    { at: noon, purpose: 'client', ...options },
  )
}

export function trusts(leaf: Issued, chain: Chain): Trusted {
  const verdict = judge(leaf, chain)
  assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.code}: ${verdict.detail}`)
  return verdict
}

/** Asserts the code, that the detail matches, and which certificate it is about. Answers the detail. */
export function refuses(
  leaf: Issued,
  chain: Chain,
  code: RefusalCode,
  about: Issued | undefined,
  detail = /./,
): string {
  const verdict = judge(leaf, chain)
  assert.ok(!verdict.ok, 'trusted')
  assert.equal(`${verdict.code}: ${verdict.detail}`.split(':')[0], code, verdict.detail)
  assert.match(verdict.detail, detail)
  assert.equal(verdict.certificate?.thumbprint, about?.thumbprint)
  return verdict.detail
}

/** A certificate that nobody knows. */
export const stranger = selfSigned({ subject: 'CN=stranger' })
