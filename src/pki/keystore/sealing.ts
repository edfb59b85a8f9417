import { DerReader, readOid, tag } from '../asn1/der.ts'
import { berToDer } from './ber-to-der.ts'
import type { HeldKey, KeyStoreType } from './keystore.ts'
import { pbes2Oid } from './pbe/pbes2.ts'
import { jceksProtectorOid, jksProtectorOid } from './pbe/sun.ts'
import type { EncodeOptions, KeyOf } from './save.ts'
import { sealJks, sealModern } from './seal-key.ts'

/** Decides for each key whether it is written as it is, or encrypted anew. */
export function sealingFor(from: KeyStoreType, options: EncodeOptions & { readonly type: KeyStoreType }): KeyOf {
  const { type, password, keyPasswords = 'follow' } = options
  if (password === undefined) {
    return ({ held }) =>
      from === 'PEM' && held.sealed !== undefined
        ? { form: 'sealed', der: held.sealed }
        : { form: 'plain', der: held.open() }
  }
  const seal = type === 'JKS' ? sealJks : sealModern
  return ({ held }) => {
    const fit = fitness(held, type)
    if (fit === 'foreign') return { form: 'sealed', der: seal(held.open(), password) }
    const { sealed } = held as HeldKey & { sealed: Buffer }
    if (keyPasswords === 'keep') return { form: 'sealed', der: sealed }
    if (fit === 'good' && held.storePasswordIs(password)) return { form: 'sealed', der: sealed }
    const pkcs8 = held.openByStorePassword()
    return { form: 'sealed', der: pkcs8 === undefined ? sealed : seal(pkcs8, password) }
  }
}

/** `outdated`: others can read it in a file of the type, but it is encrypted anew where that can be done. */
function fitness({ sealed }: HeldKey, type: KeyStoreType): 'good' | 'outdated' | 'foreign' {
  if (sealed === undefined) return 'foreign'
  try {
    const algorithm = new DerReader(berToDer(sealed)).enter().enter()
    const oid = readOid(algorithm.element(tag.oid))
    if (type === 'JKS') return oid === jksProtectorOid ? 'good' : 'foreign'
    if (oid === jksProtectorOid || oid === jceksProtectorOid) return 'foreign'
    return oid === pbes2Oid && isAes(algorithm.enter()) ? 'good' : 'outdated'
  } catch {
    // damaged: opening it will say so
    return 'foreign'
  }
}

/** PBES2-params (RFC 8018 appendix A.4): the derivation, then the cipher. */
function isAes(parameters: DerReader): boolean {
  parameters.element(tag.sequence)
  return readOid(parameters.enter().element(tag.oid)).startsWith('2.16.840.1.101.3.4.1.')
}
