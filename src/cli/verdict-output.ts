import type { Verdict } from '../pki/path/verdict.ts'
import { refusals } from '../refusals.ts'
import { certificateIdentity } from './certificate-summary.ts'
import { plain, type Terminal } from './terminal.ts'

/** The verdict as `--json` shows it. */
export function verdictJson(verdict: Verdict) {
  if (verdict.ok) {
    return {
      trusted: true,
      anchor: verdict.anchor.alias,
      pinned: verdict.pinned,
      validUntil: new Date(verdict.validUntil).toISOString(),
      path: verdict.path.map(certificateIdentity),
    }
  }
  const { code, detail, certificate } = verdict
  const { title, remedy } = refusals[code]
  return {
    trusted: false,
    code,
    title,
    detail,
    remedy,
    certificate: certificate === undefined ? null : certificateIdentity(certificate),
  }
}

/** The verdict for people. */
export function tellVerdict(verdict: Verdict, terminal: Terminal): void {
  if (verdict.ok) {
    terminal.print(`${terminal.style('green', 'trusted')} until ${new Date(verdict.validUntil).toISOString()}`)
    for (const certificate of verdict.path) terminal.print(`  ${plain(String(certificate.subject)) || '(no subject)'}`)
    const anchor = plain(verdict.anchor.alias)
    terminal.print(
      verdict.pinned ? `is itself the entry ${anchor} of the trust store` : `ends at the trust anchor ${anchor}`,
    )
    return
  }
  const { code, detail, certificate } = verdict
  terminal.print(`${terminal.style('red', 'refused')}: ${refusals[code].title} (${code})`)
  terminal.print(`  ${plain(detail)}`)
  if (certificate !== undefined) {
    terminal.print(
      `  about: ${plain(String(certificate.subject)) || '(no subject)'}, thumbprint ${certificate.thumbprint}`,
    )
  }
  terminal.print(`  ${refusals[code].remedy}`)
}
