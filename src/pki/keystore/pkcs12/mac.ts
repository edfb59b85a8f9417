import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  content,
  type DerReader,
  integer,
  nullValue,
  octetString,
  oid,
  readOid,
  sequence,
  tag,
} from '../../asn1/der.ts'
import { keyStoreError } from '../keystore-error.ts'
import { iterationCount } from '../pbe/iteration-count.ts'
import { pbmac1Encodings, pkcs12Encodings } from '../pbe/password-encodings.ts'
import { hmacs, readDerivation } from '../pbe/pbes2.ts'
import { pkcs12Kdf } from '../pbe/pkcs12-kdf.ts'
import { WorkBudget } from '../pbe/work-budget.ts'
import { pbmac1Oid } from './oids.ts'

/** MacData (RFC 7292 section 4), read but not computed. */
export interface Mac {
  verify(content: Uint8Array, password: string, budget: WorkBudget): boolean
}

/** `macData`: inside MacData. */
export function readMac(macData: DerReader): Mac {
  const digestInfo = macData.enter()
  const algorithm = digestInfo.enter()
  const expected = content(digestInfo.element(tag.octetString))
  const type = readOid(algorithm.element(tag.oid))
  // RFC 9579 section 4: salt and iterations beside PBMAC1 mean nothing
  if (type === pbmac1Oid) return readPbmac1(algorithm.enter(), expected)
  const digest = digests.get(type)
  if (digest === undefined)
    throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `a MAC with the digest ${type} is not supported`)
  const salt = content(macData.element(tag.octetString))
  const iterations = macData.done ? 1 : iterationCount(macData.element(tag.integer))
  return {
    verify: (octets, password, budget) =>
      pkcs12Encodings(password).some(encoded => {
        const input = { digest: digest.name, password: encoded, salt, iterations }
        const key = pkcs12Kdf(input, 'mac', digest.length, budget)
        return matches(createHmac(digest.name, key).update(octets).digest(), expected)
      }),
  }
}

/** RFC 9579 section 3 and RFC 8018 appendix A.5 */
function readPbmac1(parameters: DerReader, expected: Uint8Array): Mac {
  const derivation = readDerivation(parameters.enter())
  const hmacOid = readOid(parameters.enter().element(tag.oid))
  const hmac = hmacs.get(hmacOid)
  if (hmac === undefined) throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `a MAC with ${hmacOid} is not supported`)
  const { keyLength } = derivation
  // RFC 9579 section 4 wants the length said; a key of a few bits would make any password fit
  if (keyLength === undefined || keyLength < 16 || keyLength > 256) {
    throw keyStoreError('ERR_KEYSTORE_MALFORMED', 'the length of the PBMAC1 key is missing or out of range')
  }
  return {
    verify: (octets, password, budget) =>
      pbmac1Encodings(password).some(encoded =>
        matches(
          createHmac(hmac.digest, derivation.derive(encoded, keyLength, budget))
            .update(octets)
            .digest(),
          expected,
        ),
      ),
  }
}

function matches(computed: Buffer, expected: Uint8Array): boolean {
  return computed.length === expected.length && timingSafeEqual(computed, expected)
}

const sha256Oid = '2.16.840.1.101.3.4.2.1'

/** Digests by the names of node:crypto, with their length in octets. */
const digests: ReadonlyMap<string, { name: string; length: number }> = new Map([
  ['1.2.840.113549.2.5', { name: 'md5', length: 16 }],
  ['1.3.14.3.2.26', { name: 'sha1', length: 20 }],
  ['2.16.840.1.101.3.4.2.4', { name: 'sha224', length: 28 }],
  [sha256Oid, { name: 'sha256', length: 32 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', length: 48 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', length: 64 }],
  ['2.16.840.1.101.3.4.2.5', { name: 'sha512-224', length: 28 }],
  ['2.16.840.1.101.3.4.2.6', { name: 'sha512-256', length: 32 }],
])

const macIterations = 10_000

/** MacData over `content`, RFC 7292 section 4. The JDK and OpenSSL before 3.4 know no PBMAC1. */
export function encodeMac(content: Buffer, password: string, iterations = macIterations): Buffer {
  const salt = randomBytes(20)
  const input = { digest: 'sha256', password: pkcs12Encodings(password)[0]!, salt, iterations }
  const key = pkcs12Kdf(input, 'mac', 32, new WorkBudget('the key store'))
  const mac = createHmac('sha256', key).update(content).digest()
  const digestInfo = sequence(sequence(oid(sha256Oid), nullValue()), octetString(mac))
  return sequence(digestInfo, octetString(salt), integer(iterations))
}
