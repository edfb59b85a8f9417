import { type Cause, type CauseCode, nameCause } from './causes.ts'
import type { Conversation, Failure } from './conversation.ts'
import { findClientCause, type Seen } from './find-client-cause.ts'
import { alerts } from './handshake/numbers.ts'
import type { Taken } from './probe.ts'
import { type Target, targetText } from './target.ts'

export interface Evidence extends Seen {
  readonly target: Target
  readonly timeoutMs: number
  readonly taken: readonly Taken[]
}

/**
 * The one cause that everything else follows from: the first thing at which a careful client would have stopped. Undefined when
 * nothing is wrong. Where nobody said whom the client trusts, an unknown authority of the server counts after what the server says.
 */
export function findCause(evidence: Evidence): Cause | undefined {
  const { conversation, server, trust } = evidence
  const early = beforeTheCertificates(evidence)
  if (early !== undefined) return early
  if (server === undefined && conversation.agreed !== undefined)
    return nameCause('handshake_failed', { message: 'the server showed no certificate' })
  const unknown = server?.pathCause?.code === 'server_issuer_unknown' && trust.kind === 'assumed'
  const ofServer = (unknown ? undefined : server?.pathCause) ?? server?.nameCause
  const mismatch = evidence.client?.find(({ check, fits }) => check === 'key' && fits === false)?.cause
  return (
    ofServer ?? mismatch ?? findClientCause(evidence) ?? afterTheHandshake(conversation, evidence) ?? server?.pathCause
  )
}

/** What ends a connection before any certificate counts. */
function beforeTheCertificates(evidence: Evidence): Cause | undefined {
  const { conversation, target } = evidence
  const { failure, foreign, flight } = conversation
  if (failure === undefined) return undefined
  if (foreign !== undefined) return foreignCause(foreign, target)
  if (failure.stage === 'connect') return connectCause(failure, evidence)
  if (failure.stage !== 'handshake') return undefined
  // The server has said all that it says before the client's turn: what ended it then is about the client.
  if (flight.complete && failure.kind !== 'tls error' && failure.kind !== 'timeout') return undefined
  return handshakeCause(failure, evidence)
}

function foreignCause(foreign: Buffer, target: Target): Cause {
  if (/^HTTP\/\d/u.test(foreign.toString('latin1'))) return nameCause('plain_http', { target: targetText(target) })
  const bytes = JSON.stringify(
    foreign
      .subarray(0, 32)
      .toString('latin1')
      .replace(/[^\x20-\x7e]+/gu, '.'),
  )
  return nameCause('not_tls', { target: targetText(target), bytes })
}

function connectCause({ kind, message }: Failure, { target, timeoutMs }: Evidence): Cause {
  const named = targetText(target)
  switch (kind as CauseCode) {
    case 'name_unresolved':
      return nameCause('name_unresolved', { host: target.host, message })
    case 'nothing_listens':
      return nameCause('nothing_listens', { target: named })
    case 'connection_timeout':
      return nameCause('connection_timeout', { target: named, seconds: timeoutMs / 1000 })
    default:
      return nameCause('host_unreachable', { target: named, message })
  }
}

function handshakeCause({ kind, alert, message }: Failure, evidence: Evidence): Cause {
  const { target, timeoutMs, taken, conversation } = evidence
  if (kind === 'timeout')
    return nameCause('handshake_timeout', { target: targetText(target), seconds: timeoutMs / 1000 })
  if (kind === 'cut') {
    const moment =
      conversation.flight.hello === undefined
        ? 'before the server said anything'
        : 'in the middle of what the server said'
    return nameCause('connection_cut', { moment, message })
  }
  const current = taken.some(({ protocol }) => protocol === 'TLSv1.3' || protocol === 'TLSv1.2')
  const unsupported = kind === 'tls error' && /unsupported protocol|version/iu.test(message)
  if (alert === 70 || unsupported || (alert === 40 && taken.length > 0 && !current))
    return nameCause('no_common_protocol', { taken: protocolsText(taken) })
  if (alert === 40 || alert === 71) return nameCause('no_common_suite', { taken: suitesText(taken) })
  if (alert === 112) return nameCause('server_name_unknown', { name: target.name })
  if (alert !== undefined)
    return nameCause('handshake_refused', { alert: alertText(alert), words: alerts.get(alert)?.words ?? message })
  return nameCause('handshake_failed', { message })
}

function afterTheHandshake(
  { failure, answer }: Conversation,
  { timeoutMs, conversation }: Evidence,
): Cause | undefined {
  const problem = answer?.problem
  // `not_found` and the like are about the path that the doctor asked for, and say that the client was let in
  if (problem !== undefined && (answer!.status === 401 || answer!.status === 403 || answer!.status === 429)) {
    const { code, detail, remedy } = problem
    return nameCause('refused_by_countersign', { status: answer!.status, code, detail, remedy })
  }
  if (failure === undefined || conversation.agreed === undefined) return undefined
  if (failure.kind === 'timeout') return nameCause('answer_timeout', { seconds: timeoutMs / 1000 })
  if (failure.kind === 'alert') {
    const words = alerts.get(failure.alert!)?.words ?? failure.message
    return nameCause('handshake_refused', { alert: alertText(failure.alert!), words })
  }
  return nameCause('closed_without_answer', { message: failure.message })
}

/** `45 (certificate_expired)` */
export function alertText(alert: number): string {
  return `${alert} (${alerts.get(alert)?.name ?? 'unknown'})`
}

function protocolsText(taken: readonly Taken[]): string {
  return taken.map(({ protocol }) => protocol).join(', ') || 'none that was tried, from TLSv1.0 to TLSv1.3'
}

function suitesText(taken: readonly Taken[]): string {
  const all = taken.flatMap(({ protocol, suites }) => suites.map(suite => `${suite} (${protocol})`))
  if (all.length === 0) return 'none of all that were tried'
  return all.length > 4 ? `${all.slice(0, 4).join(', ')} and ${all.length - 4} more` : all.join(', ')
}
