import type { AuthenticatorSetting } from './authenticators.ts'
import type { CarbonHome } from './carbon-home.ts'
import { javaBoolean } from './java-boolean.ts'
import { sha1Of, type TrustEntry } from './trust-entries.ts'

/** The white list as a list of thumbprints. */
export interface WhiteList {
  readonly sha256: readonly string[]
  /** SHA-1 thumbprints of certificates that no trust store holds, so that their SHA-256 cannot be known yet */
  readonly sha1: readonly string[]
}

/**
 * The WhiteList parameter. Its version decided which hash it meant: SHA-1 before 5.5.1, SHA-256 from then on unless EnableSHA256 says false.
 * Where EnableSHA256 is missing the length of each entry tells. undefined: there is no list, or it is switched off.
 */
export function readWhiteList(
  home: CarbonHome,
  { parameters }: AuthenticatorSetting,
  entries: readonly TrustEntry[],
): WhiteList | undefined {
  if (!javaBoolean(parameters.get('WhiteListEnabled')?.value)) return undefined
  const parameter = parameters.get('WhiteList')
  if (parameter === undefined) return { sha256: [], sha1: [] }
  const told = parameters.get('EnableSHA256')
  const wanted = told === undefined ? undefined : javaBoolean(told.value) ? 64 : 40
  const sha256 = new Set<string>()
  const sha1 = new Set<string>()
  for (const text of parameter.value
    .split(',')
    .map(each => each.trim())
    .filter(Boolean)) {
    const hex = text.replaceAll(':', '').toLowerCase()
    if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
      home.findings.add(
        'warning',
        parameter,
        `${quote(text)} in WhiteList is no thumbprint, and lets nobody in`,
        'Write 64 hexadecimal digits (SHA-256) or 40 (SHA-1).',
      )
      continue
    }
    if (wanted !== undefined && hex.length !== wanted) {
      const what = `${quote(text)} in WhiteList is ${hex.length === 40 ? 'a SHA-1' : 'a SHA-256'} thumbprint, and EnableSHA256 says ${told?.value}: it lets nobody in`
      home.findings.add('warning', parameter, what, 'Replace it by the thumbprint that EnableSHA256 asks for.')
      continue
    }
    if (hex !== text) {
      home.findings.add(
        'warning',
        parameter,
        `${quote(text)} in WhiteList has colons or capitals, with which the original never matched it before 5.5.2; it counts here`,
      )
    }
    if (hex.length === 64) sha256.add(hex)
    else sha1.add(hex)
  }
  for (const { certificate } of entries) if (sha1.delete(sha1Of(certificate))) sha256.add(certificate.thumbprint)
  if (sha1.size > 0) {
    const what = `${sha1.size} SHA-1 thumbprint${sha1.size === 1 ? '' : 's'} of certificates that the trust store does not hold`
    home.findings.add(
      'warning',
      parameter,
      what,
      'Replace them by SHA-256 thumbprints: `countersign cert show FILE` prints them.',
    )
  }
  if (sha256.size + sha1.size === 0)
    home.findings.add('warning', parameter, 'the white list is on and empty: no certificate gets in')
  return { sha256: [...sha256], sha1: [...sha1] }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
