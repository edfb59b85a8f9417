import type { AuthenticatorSetting } from './authenticators.ts'
import type { CarbonHome } from './carbon-home.ts'

/** What the original gives them where the file does not; the higher number is asked first there, and the lower one here. */
const originals = { mutualSsl: 5, basic: 4 }
const highest = 10

/** The order of the original in our numbers. A priority that is not above zero is none, as in the original. */
export function prioritiesOf(
  home: CarbonHome,
  mutualSsl: AuthenticatorSetting | undefined,
  basic: AuthenticatorSetting | undefined,
): { readonly mutualTls: number; readonly basic: number } {
  const ours = (theirs: number | undefined, otherwise: number) =>
    Math.max(0, highest - (theirs !== undefined && theirs > 0 ? theirs : otherwise))
  const order = {
    mutualTls: ours(mutualSsl?.priority, originals.mutualSsl),
    basic: ours(basic?.priority, originals.basic),
  }
  if (mutualSsl !== undefined && order.mutualTls > order.basic) {
    const what =
      'Basic has the higher priority, and in the original takes every request that has no other credentials; here a request without a password goes on to the certificate'
    home.findings.add('warning', mutualSsl, what, 'disabled="true" switches certificates off.')
  }
  return order
}
