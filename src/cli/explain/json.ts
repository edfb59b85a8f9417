import { describePrincipal } from '../../endpoints/whoami.ts'
import { pathChecks } from '../../pki/path/trace.ts'
import { refusals } from '../../refusals.ts'
import { certificateIdentity } from '../certificate-summary.ts'
import { verdictJson } from '../verdict-output.ts'
import type { Explained } from './explanation.ts'
import { byCertificate } from './report.ts'

/** The decision as `--json` shows it. */
export function explanationJson(explained: Explained) {
  const { certificate, listener, at, verdict, revocation, asked, allowListed, bindings, users, route, outcome } =
    explained
  return {
    accepted: outcome.ok,
    principal: outcome.ok ? describePrincipal(outcome.principal) : null,
    refusal: outcome.ok ? null : { code: outcome.code, detail: outcome.detail, remedy: refusals[outcome.code].remedy },
    at: new Date(at).toISOString(),
    certificate: certificateIdentity(certificate),
    listener: { name: listener.name, clientAuth: listener.clientAuth, onUntrusted: listener.onUntrusted },
    verdict: verdictJson(verdict),
    checks: [...byCertificate(explained)].flatMap(([{ subject, thumbprint }, checks]) =>
      checks.map(({ check, failure }) => ({
        certificate: { subject: String(subject), thumbprint },
        ...pathChecks[check as keyof typeof pathChecks],
        passed: failure === undefined,
        detail: failure?.detail ?? null,
      })),
    ),
    revocation: { mode: revocation.mode, order: revocation.order, depth: revocation.depth, sources: asked },
    allowList: allowListed ?? 'off',
    bindings:
      bindings === undefined
        ? null
        : {
            decides: bindings.ok ? { binding: bindings.binding, tenant: bindings.tenant, users: bindings.users } : null,
            elsewhere: bindings.ok ? bindings.elsewhere : [],
            refusal: bindings.ok ? null : { code: bindings.code, detail: bindings.detail },
            considered: bindings.considered.map(each => ({ ...each, id: each.id ?? null })),
          },
    users: users.map(({ name, tenant, user }) => ({
      name,
      tenant,
      state: user?.state ?? 'missing',
      roles: user?.roles ?? [],
    })),
    route:
      route === undefined
        ? null
        : {
            path: route.path,
            kind: route.kind,
            pattern: route.pattern,
            require: route.access.require ?? null,
            allow: route.access.allow ?? null,
          },
  }
}
