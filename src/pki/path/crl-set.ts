import type { Crl } from '../x509/crl.ts'
import type { Name } from '../x509/name.ts'
import { nameMatchKey } from '../x509/name-match.ts'

/** Revocation lists by the name of their issuer: made once for each set of lists. */
export interface CrlSet {
  /** complete lists */
  issuedBy(name: Name): readonly Crl[]
  deltasIssuedBy(name: Name): readonly Crl[]
}

const deltaCrlIndicator = '2.5.29.27'

export function indexCrls(crls: Iterable<Crl>): CrlSet {
  const complete = new Map<string, Crl[]>()
  const deltas = new Map<string, Crl[]>()
  for (const crl of crls) {
    const kind = crl.extensions.has(deltaCrlIndicator) ? deltas : complete
    kind.getOrInsertComputed(nameMatchKey(crl.issuer), () => []).push(crl)
  }
  return {
    issuedBy: name => complete.get(nameMatchKey(name)) ?? [],
    deltasIssuedBy: name => deltas.get(nameMatchKey(name)) ?? [],
  }
}
