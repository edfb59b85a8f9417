/** What is too weak, and accepted only when it is named here. */
export type InsecureAlgorithm = 'md5' | 'sha-1' | 'rsa-1024' | 'explicit-curve'

/**
 * Weak algorithms that still counted at a time in the past: a verdict about that time is given by its own floor. SHA-1 ended for public
 * certificates with 2016 (CA/Browser Forum ballot 118); RSA below 2048 bits is refused by default since Debian 10 (OpenSSL level 2).
 * Now, which is the only time that a server judges at, none does.
 */
const acceptedUntil: readonly (readonly [InsecureAlgorithm, number])[] = [
  ['sha-1', Date.UTC(2017, 0, 1)],
  ['rsa-1024', Date.UTC(2019, 6, 6)],
]

/** The weak algorithms that count at that time: those of the past, and those that somebody wants all the same. */
export function weakAlgorithmsAt(at: number, wanted: readonly InsecureAlgorithm[]): ReadonlySet<InsecureAlgorithm> {
  return new Set([...wanted, ...acceptedUntil.flatMap(([algorithm, end]) => (at < end ? [algorithm] : []))])
}
