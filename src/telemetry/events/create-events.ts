import type { Log } from '../../log.ts'
import type { Audit } from '../audit/audit.ts'
import type { AuditKind } from '../audit/kinds.ts'
import type { AuditFields } from '../audit/record.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Access, CertificateFacts, Events, Handshake } from './events.ts'
import { createFloodGuard } from './flood-guard.ts'

export interface EventsSource {
  readonly log: Log
  readonly metrics: Metrics
  /** undefined: no audit record is kept */
  readonly audit: Pick<Audit, 'append' | 'state'> | undefined
}

/**
 * The catalogue at work. Fields are picked one by one, so that nothing gets into a log or a record because a caller had it at hand.
 * Dispose it before the audit: what was counted but not told is told then.
 */
export function createEvents({ log, metrics, audit }: EventsSource): Events & Disposable {
  const record = (kind: AuditKind, fields: AuditFields) => audit?.append(kind, fields)
  if (audit) watchAudit(metrics, audit)
  const guard = createFloodGuard(({ event, subject, count }) => {
    log.warn({ event, ...subject, count }, 'the same happened more often than is told one by one')
    if (audited.has(event)) record('repeated', { event, ...subject, count })
  })

  return {
    serverStarted({ listeners }) {
      log.info({ listeners }, 'the server is up')
      record('server-started', { listeners })
    },

    serverStopped({ reason }) {
      log.info({ reason }, 'the server is down')
      record('server-stopped', { reason })
    },

    workerEnded({ worker, reason, restartSeconds }) {
      metrics.workersEnded.add()
      const fields = { worker, reason: cut(reason), restartSeconds }
      log.error(fields, 'a worker ended: a new one takes its place')
      record('worker-ended', fields)
    },

    handshakeCompleted(event) {
      const { listener, remoteAddress, protocol, durationMs } = event
      const resumed = yesNo(event.resumed)
      metrics.handshakes.add(listener, 'completed', protocol, resumed, yesNo(event.presented))
      if (durationMs !== undefined) metrics.handshakeDuration(resumed, durationMs)
      log.debug(
        { listener, remoteAddress, protocol, resumed, presented: event.presented, durationMs },
        'a handshake ended',
      )
    },

    handshakeFailed({ listener, remoteAddress, reason }) {
      metrics.handshakes.add(listener, 'failed', 'none', 'no', 'no')
      const fields = { listener, remoteAddress, reason: cut(reason) }
      if (guard.allows('handshake-failed', { listener, remoteAddress })) log.info(fields, 'a handshake failed')
    },

    connectionRefused(event) {
      const fields = refusedFields(event)
      metrics.refusals.add(event.code, 'connection')
      if (!guard.allows('connection-refused', { code: event.code, remoteAddress: event.remoteAddress })) return
      log.info(fields, 'a connection was refused')
      record('connection-refused', fields)
    },

    // Each of them is recorded, however many: who may change trust is no stranger, and each was let in by a record of its own. The log
    // names the first of each kind: ten thousand lines would hold up the very connections that have to end.
    connectionEnded(event) {
      const { cause, user, tenant } = event
      metrics.connectionsEnded.add(event.code)
      const fields = { ...refusedFields(event), cause: cut(cause), user, tenant }
      if (guard.allows('connection-ended', { code: event.code })) log.info(fields, 'an open connection was ended')
      record('connection-ended', fields)
    },

    accessGranted(event) {
      const { user, tenant, authenticatedBy, binding, first, trustPath } = event
      metrics.requests.add('granted', authenticatedBy)
      if (!first) {
        const { requestId, remoteAddress, method, path } = event
        log.debug({ requestId, remoteAddress, method, path, user, tenant, authenticatedBy }, 'let in again')
        return
      }
      // a binding by thumbprint names one certificate: somebody has to renew that one
      const notAfter = event.certificate?.notAfter
      if (notAfter !== undefined && binding?.startsWith('thumbprint ')) {
        metrics.setCertificateExpiry('client', binding, notAfter)
      }
      const by = { user, tenant, authenticatedBy, binding: binding && cut(binding) }
      const fields = { ...accessFields(event), ...by, ...(trustPath && { trustPath: [...trustPath] }) }
      log.info(fields, 'let in')
      record('access-granted', fields)
    },

    accessRefused(event) {
      const { code, detail, remoteAddress } = event
      metrics.requests.add('refused', 'none')
      metrics.refusals.add(code, 'request')
      if (!guard.allows('access-refused', { code, remoteAddress })) return
      const fields = { ...accessFields(event), code, detail: cut(detail) }
      log.info(fields, 'refused')
      record('access-refused', fields)
    },

    upstreamFailed({ requestId, route, upstream, status, reason }) {
      metrics.upstreamFailures.add(route, String(status))
      const fields = { requestId, route, upstream: cut(upstream), status, reason: cut(reason) }
      if (guard.allows('upstream-failed', { route, status: String(status) }))
        log.warn(fields, 'an upstream did not answer')
    },

    passwordThrottled({ remoteAddress, retryAfterSeconds }) {
      metrics.passwordThrottles.add()
      if (!guard.allows('password-throttled', { remoteAddress })) return
      log.warn({ remoteAddress, retryAfterSeconds }, 'password attempts are held back')
      record('password-throttled', { remoteAddress, retryAfterSeconds })
    },

    userChanged({ actor, action, tenant, user, changed }) {
      metrics.changes.add('user', action)
      const fields = { actor, action, tenant, user, ...(changed === undefined ? {} : { changed: [...changed] }) }
      log.info(fields, 'a user was changed')
      record('user-changed', fields)
    },

    roleChanged({ actor, action, tenant, role, changed }) {
      metrics.changes.add('role', action)
      const fields = { actor, action, tenant, role, ...(changed === undefined ? {} : { changed: [...changed] }) }
      log.info(fields, 'a role was changed')
      record('role-changed', fields)
    },

    tenantChanged({ actor, action, tenant }) {
      metrics.changes.add('tenant', action)
      log.info({ actor, action, tenant }, 'a tenant was changed')
      record('tenant-changed', { actor, action, tenant })
    },

    bindingChanged({ actor, action, tenant, binding }) {
      metrics.changes.add('binding', action)
      const fields = { actor, action, tenant, binding: cut(binding) }
      log.info(fields, 'a binding was changed')
      record('binding-changed', fields)
    },

    trustChanged({ epoch, cause }) {
      metrics.trustChanges.add()
      metrics.setTrustEpoch(epoch)
      // whose binding is still there will be seen again
      metrics.replaceCertificateExpiries('client', new Map())
      log.info({ epoch, cause }, 'what is trusted has changed')
      record('trust-changed', { epoch, cause: cut(cause) })
    },

    revocationFetched({ kind, source, outcome, detail }) {
      metrics.revocationFetches.add(kind, outcome)
      const fields = { kind, source: cut(source), outcome, detail: cut(detail) }
      if (outcome !== 'failed') log.info(fields, 'a source of revocation was read')
      else if (guard.allows('revocation-source-failed', { kind, source: cut(source) })) {
        log.warn(fields, 'a source of revocation failed: what it said last stays in force')
      }
    },

    revocationUnknown({ outcome, failures, certificate }) {
      metrics.revocationUnknowns.add(outcome)
      if (!guard.allows('revocation-unknown', { outcome, issuer: cut(certificate.issuer) })) return
      const tried = failures.slice(0, 20).map(cut)
      log.warn(
        { outcome, failures: tried, certificate: certificateFields(certificate) },
        'nobody says whether a certificate is revoked',
      )
    },

    reloadSucceeded({ cause }) {
      metrics.reloads.add('succeeded')
      metrics.setReloadSuccessful(true)
      log.info({ cause }, 'reloaded')
      record('reload-succeeded', { cause: cut(cause) })
    },

    reloadFailed({ cause, file, remedy }) {
      metrics.reloads.add('failed')
      metrics.setReloadSuccessful(false)
      const fields = { cause: cut(cause), file, remedy: remedy && cut(remedy) }
      log.error(fields, 'the reload was refused: the state before it stays in force')
      record('reload-failed', fields)
    },

    [Symbol.dispose]: () => guard[Symbol.dispose](),
  }
}

/** Events of the flood guard that an auditor would ask for. */
const audited = new Set<string>(['connection-refused', 'access-refused', 'password-throttled'])

function watchAudit(metrics: Metrics, audit: Pick<Audit, 'state'>): void {
  metrics.watchAudit(() => {
    const { head, pending, lost } = audit.state
    return { sequence: head?.sequence, pending, lost }
  })
}

function accessFields({ requestId, remoteAddress, proxy, method, path, certificate }: Access) {
  return {
    requestId,
    remoteAddress,
    ...(proxy === undefined ? {} : { proxy }),
    method: cut(method),
    path: cut(path),
    certificate: certificateFields(certificate),
  }
}

function refusedFields(event: Handshake & { code: string; detail: string; certificate: CertificateFacts | null }) {
  const { listener, remoteAddress, code, detail, certificate } = event
  return { listener, remoteAddress, code, detail: cut(detail), certificate: certificateFields(certificate) }
}

function certificateFields(certificate: CertificateFacts | null) {
  if (certificate === null) return null
  const { thumbprint, subject, issuer, serialNumber } = certificate
  return { thumbprint, subject: cut(subject), issuer: cut(issuer), serialNumber: cut(serialNumber) }
}

/** Texts that others choose are told up to this length: a path or a subject may have many thousand characters. */
const longest = 1_000

function cut(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}

function yesNo(value: boolean): 'yes' | 'no' {
  return value ? 'yes' : 'no'
}
