import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isCoded } from '../../../src/errors.ts'
import { indexCrls } from '../../../src/pki/path/crl-set.ts'
import { judgeResponse } from '../../../src/pki/revocation/ocsp/judge-response.ts'
import { encodeOcspRequest, getAddress } from '../../../src/pki/revocation/ocsp/request.ts'
import { parseOcspResponse } from '../../../src/pki/revocation/ocsp/response.ts'
import { rawExtension } from '../../../src/pki/x509/build-extensions.ts'
import { parseCrl } from '../../../src/pki/x509/crl.ts'
import { baseTime, day, testAuthority } from '../../support/certificates.ts'
import { type AnswerOptions, noCheck, ocspFailure, ocspResponse, ocspSigning } from '../../support/ocsp.ts'

const authority = testAuthority({ name: 'Clients CA' })
const other = testAuthority({ name: 'Other CA' })
const alice = authority.issue({ subject: 'CN=alice' })
const bob = authority.issue({ subject: 'CN=bob' })
const delegate = authority.issue({ subject: 'CN=responder', extensions: [ocspSigning, noCheck] })
const at = baseTime
const fresh = { thisUpdate: at - day / 24, nextUpdate: at + day }

function judge(options: Partial<AnswerOptions>, nonce?: Uint8Array, crls: Buffer[] = []) {
  const octets = ocspResponse(alice, authority, { ...fresh, ...options })
  const question = {
    certificate: alice.certificate,
    issuer: authority.certificate,
    at,
    nonce,
    crls: indexCrls(crls.map(parseCrl)),
  }
  const answer = judgeResponse(parseOcspResponse(octets), question)
  return typeof answer === 'string' ? answer : answer.status
}

describe('an answer is accepted', () => {
  test('signed by the issuer, named by its key or its name', () => {
    assert.equal(judge({}), 'good')
    assert.equal(judge({ responder: 'name' }), 'good')
    assert.equal(judge({ status: 'revoked' }), 'revoked')
    assert.equal(judge({ status: 'unknown' }), 'unknown')
  })

  test('signed by a responder that the issuer certified for this', () => {
    assert.equal(judge({ signer: delegate }), 'good')
    assert.equal(judge({ signer: delegate, responder: 'name', certificates: [other, delegate] }), 'good')
  })

  test('with the nonce that was sent', () => {
    const nonce = Buffer.alloc(32, 7)
    assert.equal(judge({ nonce }, nonce), 'good')
    assert.match(judge({}, nonce), /does not repeat/)
    assert.match(judge({ nonce: Buffer.alloc(32, 8) }, nonce), /another nonce/)
  })
})

// CVE-2024-2660 (Vault), 1SEAL-2026-009 (OpenSSL 3.6): who may answer, and about whom
describe('an answer is not accepted', () => {
  const cases: readonly [string, Partial<AnswerOptions>, RegExp][] = [
    ['about another certificate', { about: bob }, /another certificate/],
    ['signed by another authority', { signer: other }, /another authority/],
    ['signed by a client of the same issuer', { signer: bob }, /not for signing answers/],
    ['signed by the client itself', { signer: alice }, /not for signing answers/],
    [
      'signed by a responder of another authority',
      { signer: other.issue({ subject: 'CN=responder', extensions: [ocspSigning] }) },
      /another authority/,
    ],
    [
      'signed by a responder that takes the name of the authority',
      {
        signer: testAuthority({ name: 'Clients CA' }).issue({ subject: 'CN=responder', extensions: [ocspSigning] }),
      },
      /signature on its certificate/,
    ],
    [
      'signed by a responder below an intermediate',
      { signer: authority.intermediate().issue({ subject: 'CN=responder', extensions: [ocspSigning] }) },
      /another authority/,
    ],
    [
      'signed by a responder whose certificate has ended',
      { signer: authority.issue({ extensions: [ocspSigning], notBefore: at - 9 * day, notAfter: at - day }) },
      /not valid now/,
    ],
    ['signed by a responder that does not come along', { signer: delegate, certificates: [bob] }, /neither the issuer/],
    ['signed with SHA-1', { insecureSha1: true }, /too weak/],
    ['that has ended', { thisUpdate: at - 3 * day, nextUpdate: at - day }, /ended/],
    ['that has not begun', { thisUpdate: at + day, nextUpdate: at + 2 * day }, /begins/],
    ['from the future', { producedAt: at + day }, /made only/],
    ['of long ago', { thisUpdate: at - 400 * day, nextUpdate: at + day }, /is of/],
    [
      'with an unknown critical extension',
      { extensions: [rawExtension('1.2.3.4', Buffer.from([5, 0]), true)] },
      /critical/,
    ],
  ]
  for (const [name, options, message] of cases) test(name, () => assert.match(judge(options), message))

  test('signed by a responder that a list has revoked, unless it is not to be asked about', () => {
    const watched = authority.issue({ subject: 'CN=watched', extensions: [ocspSigning] })
    assert.equal(judge({ signer: watched }, undefined, [authority.crl()]), 'good')
    assert.match(judge({ signer: watched }, undefined, [authority.crl([watched])]), /revoked/)
    assert.equal(judge({ signer: delegate }, undefined, [authority.crl([delegate])]), 'good')
    const forged = testAuthority({ name: 'Clients CA' }).crl([watched])
    assert.equal(judge({ signer: watched }, undefined, [forged]), 'good')
  })

  test('with any octet of the signed part changed', () => {
    const octets = ocspResponse(alice, authority, fresh)
    const question = {
      certificate: alice.certificate,
      issuer: authority.certificate,
      at,
      nonce: undefined,
      crls: indexCrls([]),
    }
    fc.assert(
      fc.property(fc.nat(octets.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const copy = Buffer.from(octets)
        copy[place]! ^= change
        try {
          const answer = judgeResponse(parseOcspResponse(copy), question)
          // what may differ is outside of the signed part: parameters that mean the same
          if (typeof answer !== 'string') assert.equal(answer.status, 'good')
        } catch (error) {
          assert.ok(isCoded(error), String(error))
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('a responder that does not answer says why', () => {
  for (const [code, message] of [
    [3, /try later/],
    [6, /does not answer/],
    [42, /status 42/],
  ] as const) {
    assert.throws(() => parseOcspResponse(ocspFailure(code)), { code: 'ERR_OCSP_UNSUCCESSFUL', message })
  }
})

test('nothing that is no response crashes the reader', () => {
  const octets = ocspResponse(alice, authority, fresh)
  for (let end = 0; end < octets.length; end++) {
    assert.throws(() => parseOcspResponse(octets.subarray(0, end)), { code: 'ERR_OCSP_MALFORMED' })
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), noise => {
      try {
        parseOcspResponse(noise)
      } catch (error) {
        assert.ok(isCoded(error, 'ERR_OCSP_MALFORMED') || isCoded(error, 'ERR_OCSP_UNSUCCESSFUL'), String(error))
      }
    }),
  )
})

test('a request goes by GET when it is short', () => {
  const request = encodeOcspRequest(alice.certificate, authority.certificate)
  const address = getAddress('http://ocsp.example', request)
  assert.match(address!, /^http:\/\/ocsp\.example\/[A-Za-z0-9%]+$/)
  assert.ok(request.equals(Buffer.from(decodeURIComponent(address!.slice(20)), 'base64')))
  assert.equal(getAddress(`http://${'a'.repeat(200)}.example`, request), undefined)
})
