import { indexCrls } from '../../src/pki/path/crl-set.ts'
import { judgeResponse } from '../../src/pki/revocation/ocsp/judge-response.ts'
import { parseOcspResponse } from '../../src/pki/revocation/ocsp/response.ts'
import { baseTime, day, testAuthority } from '../../test/support/certificates.ts'
import { ocspFailure, ocspResponse } from '../../test/support/ocsp.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { mutateDer } from '../mutate-der.ts'
import { guarded, outcome } from '../outcome.ts'
import type { Target } from '../target.ts'

const authority = testAuthority({ name: 'Root' })
const leaf = authority.issue({ subject: 'CN=leaf' })
const stranger = authority.issue({ subject: 'CN=stranger' })
const times = { thisUpdate: baseTime, nextUpdate: baseTime + day }
const question = {
  certificate: leaf.certificate,
  issuer: authority.certificate,
  at: baseTime + day / 2,
  nonce: undefined,
  crls: indexCrls([]),
}

/** Nothing here says that the leaf is good: what does so after a change was made by nobody who may. */
export const ocspTargets: readonly Target[] = [
  {
    name: 'ocsp',
    seeds: [
      ocspResponse(leaf, authority, { ...times, status: 'revoked' }),
      ocspResponse(leaf, authority, { ...times, status: 'unknown', responder: 'name' }),
      ocspResponse(leaf, authority, { ...times, signer: stranger }),
      ocspResponse(leaf, authority, { ...times, about: stranger }),
      ocspFailure(3),
    ],
    limitMs: 3_000,
    weight: 30,
    mutate: (input, random, others) =>
      random.below(4) === 0 ? mutateBytes(input, random, others) : mutateDer(input, random, others),
    run: input =>
      outcome(/^ERR_OCSP_(?:MALFORMED|UNSUCCESSFUL)$/, () => {
        const verdict = judgeResponse(parseOcspResponse(guarded(input)), question)
        if (typeof verdict === 'string') return verdict.replace(/[\d:.-]{4,}.*/, '')
        if (verdict.status === 'good') throw new Error('a changed answer was believed')
        return verdict.status
      }),
  },
]
