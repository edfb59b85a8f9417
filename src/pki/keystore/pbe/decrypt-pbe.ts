import { type DerReader, readOid, tag } from '../../asn1/der.ts'
import { keyStoreError } from '../keystore-error.ts'
import { decryptPbes1, pbes1Schemes } from './pbes1.ts'
import { decryptPbes2, pbes2Oid } from './pbes2.ts'
import { decryptJceksKey, decryptJksKey, jceksProtectorOid, jksProtectorOid } from './sun.ts'
import type { WorkBudget } from './work-budget.ts'

/**
 * What `data` may mean under this password: at most a few plaintexts, none for most wrong passwords. That the padding is right proves
 * little: the caller takes the first plaintext that has the structure it looks for. `algorithm`: inside the AlgorithmIdentifier.
 */
export function decryptPbe(
  algorithm: DerReader,
  data: Uint8Array,
  password: string,
  budget: WorkBudget,
): Iterable<Buffer> {
  const oid = readOid(algorithm.element(tag.oid))
  const pbes1 = pbes1Schemes.get(oid)
  if (pbes1 !== undefined) return decryptPbes1(pbes1, algorithm.enter(), data, password, budget)
  if (oid === pbes2Oid) return decryptPbes2(algorithm.enter(), data, password, budget)
  if (oid === jksProtectorOid) return found(decryptJksKey(data, password))
  if (oid === jceksProtectorOid) return found(decryptJceksKey(algorithm.enter(), data, password, budget))
  throw keyStoreError('ERR_KEYSTORE_UNSUPPORTED', `the encryption ${oid} is not supported`)
}

function found(plain: Buffer | undefined): Buffer[] {
  return plain === undefined ? [] : [plain]
}
