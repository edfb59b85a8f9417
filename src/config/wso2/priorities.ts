import type { AuthenticatorSetting } from './authenticators.ts'
import type { CarbonHome } from './carbon-home.ts'

/** What the original gives them where the file does not; the higher number is asked first there, and the lower one here. */
const originals = { mutualSsl: 5, basic: 4 }
const highest = 10

export interface Priorities {
  readonly mutualTls: number
  readonly basic: number
  /** the original asks for a password wherever no credentials come, and so never for a certificate */
  readonly basicFirst: boolean
}

/** The order of the original in our numbers. A priority that is not above zero is none, as in the original. */
export function prioritiesOf(
  home: CarbonHome,
  mutualSsl: AuthenticatorSetting | undefined,
  basic: AuthenticatorSetting | undefined,
): Priorities {
  const theirs = {
    mutualSsl: counting(mutualSsl?.priority) ?? originals.mutualSsl,
    basic: counting(basic?.priority) ?? originals.basic,
  }
  const basicFirst = mutualSsl?.enabled === true && basic?.enabled !== false && theirs.basic > theirs.mutualSsl
  if (basicFirst) {
    const what =
      'Basic has the higher priority and takes every request without credentials: as in the original, certificates identify nobody'
    home.findings.add('warning', mutualSsl, what, 'Give the MutualSSLAuthenticator a priority above 4.')
  }
  return { mutualTls: ours(theirs.mutualSsl), basic: ours(theirs.basic), basicFirst }
}

function counting(priority: number | undefined): number | undefined {
  return priority !== undefined && priority > 0 ? priority : undefined
}

function ours(theirs: number): number {
  return Math.max(0, highest - theirs)
}
