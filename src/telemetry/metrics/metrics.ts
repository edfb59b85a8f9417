import { type Aggregator, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../../clock.ts'
import { refusals } from '../../refusals.ts'
import { type CertificateExpiries, createCertificateExpiries } from './certificate-expiries.ts'
import { registerProcessMetrics } from './process-metrics.ts'
import { createTally, type Tally } from './tally.ts'

/**
 * Everything that is counted, in a registry of its own for each server. Labels are words of the configuration and of the closed
 * lists; never a user, an address, or anything else that a stranger chooses. docs/metrics.md is held to this by a test.
 */
export interface Metrics extends CertificateExpiries {
  readonly registry: Registry
  /** granted, refused; by authenticator */
  readonly requests: Tally
  /** by refusal code, and where: request or connection */
  readonly refusals: Tally
  /** by refusal code */
  readonly connectionsEnded: Tally
  /** by listener, outcome, protocol, whether resumed and whether a certificate was presented */
  readonly handshakes: Tally
  readonly upstreamFailures: Tally
  readonly passwordThrottles: Tally
  readonly changes: Tally
  readonly trustChanges: Tally
  readonly reloads: Tally
  /** by kind (crl, ocsp) and outcome */
  readonly revocationFetches: Tally
  /** by what became of the client: allow, refuse */
  readonly revocationUnknowns: Tally
  handshakeDuration(resumed: 'yes' | 'no', milliseconds: number): void
  setTrustEpoch(epoch: number): void
  setReloadSuccessful(successful: boolean): void
  readonly workersEnded: Tally
  /** This process only looks after those that serve. */
  setNotServing(): void
  /** Reads the number of open connections of a listener whenever somebody scrapes. */
  watchConnections(listener: string, count: () => number): void
  /** Reads the number of files that cannot be taken over whenever somebody scrapes. */
  watchAlarms(count: () => number): void
  watchAudit(read: () => AuditReading): void
}

export interface AuditReading {
  /** sequence number of the last record on disk; undefined before the first */
  readonly sequence: number | undefined
  /** records waiting to be written */
  readonly pending: number
  /** records that were given up since the start because too many waited */
  readonly lost: number
}

export function createMetrics({ clock }: { clock: Clock }): Metrics {
  const registry = new Registry()
  const tally = (name: string, help: string, labels: readonly string[], zero?: readonly (readonly string[])[]) =>
    createTally(registry, { name: `countersign_${name}`, help, labels, ...(zero ? { zero } : {}) })
  const gauge = (name: string, help: string, aggregator: Aggregator) =>
    new Gauge({ name: `countersign_${name}`, help, registers: [registry], aggregator })
  const durations = new Histogram({
    name: 'countersign_handshake_duration_seconds',
    help: 'Duration of completed TLS handshakes, from the first byte of the client to the end.',
    labelNames: ['resumed'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const handshakeDurations = { yes: durations.labels('yes'), no: durations.labels('no') }
  const trustEpoch = gauge('trust_epoch', 'The trust epoch: rises with every change of what is trusted.', 'max')
  const reloadSuccessful = gauge(
    'last_reload_successful',
    'Whether the last reload of configuration or stores succeeded (1) or was refused (0).',
    'min',
  )
  reloadSuccessful.set(1)
  const workers = gauge('workers', 'Processes that serve.', 'sum')
  workers.set(1)
  registerProcessMetrics(registry)
  return {
    registry,
    requests: tally(
      'requests_total',
      'Requests by outcome (granted, refused) and the authenticator that accepted (none when refused).',
      ['outcome', 'authenticated_by'],
    ),
    refusals: tally(
      'refusals_total',
      'Refusals by code, of a request or of a whole connection.',
      ['code', 'at'],
      Object.keys(refusals).map(code => [code, 'request']),
    ),
    connectionsEnded: tally(
      'connections_ended_total',
      'Open connections that were ended because what was decided for them no longer holds, by the refusal code that says why.',
      ['code'],
    ),
    handshakes: tally(
      'handshakes_total',
      'TLS handshakes by listener, outcome (completed, failed), protocol, whether the session was resumed, and whether a client certificate was presented.',
      ['listener', 'outcome', 'protocol', 'resumed', 'certificate'],
    ),
    upstreamFailures: tally(
      'upstream_failures_total',
      'Requests that an upstream did not answer, by route and the status that was answered instead.',
      ['route', 'status'],
    ),
    passwordThrottles: tally(
      'password_throttles_total',
      'Password attempts that were held back because too many failed before.',
      [],
    ),
    changes: tally('changes_total', 'Changes of users, roles, tenants and bindings by action.', ['kind', 'action']),
    trustChanges: tally('trust_changes_total', 'Changes of what is trusted since the start.', []),
    workersEnded: tally('workers_ended_total', 'Workers that ended without being asked to.', []),
    reloads: tally(
      'reloads_total',
      'Reloads of configuration or stores by outcome (succeeded, failed).',
      ['outcome'],
      [['succeeded'], ['failed']],
    ),
    revocationFetches: tally(
      'revocation_fetches_total',
      'Revocation lists (crl) and answers of responders (ocsp) that were fetched, by outcome (loaded, unchanged, failed).',
      ['kind', 'outcome'],
      [
        ['crl', 'failed'],
        ['ocsp', 'failed'],
      ],
    ),
    revocationUnknowns: tally(
      'revocation_unknowns_total',
      'Certificates of which no source could say whether they are revoked, by what the policy said then (allow, refuse).',
      ['outcome'],
      [['allow'], ['refuse']],
    ),
    handshakeDuration: (resumed, milliseconds) => handshakeDurations[resumed].observe(milliseconds / 1000),
    setTrustEpoch: epoch => trustEpoch.set(epoch),
    setReloadSuccessful: successful => reloadSuccessful.set(successful ? 1 : 0),
    setNotServing: () => workers.set(0),
    watchConnections: watchConnections(registry),
    watchAlarms: watchAlarms(registry),
    watchAudit: watchAudit(registry),
    ...createCertificateExpiries(registry, clock),
  }
}

function watchConnections(registry: Registry): Metrics['watchConnections'] {
  const listeners = new Map<string, () => number>()
  new Gauge({
    name: 'countersign_open_connections',
    help: 'Open connections by listener, those in their handshake included.',
    labelNames: ['listener'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [listener, count] of listeners) this.set({ listener }, count())
    },
  })
  return (listener, count) => void listeners.set(listener, count)
}

function watchAlarms(registry: Registry): Metrics['watchAlarms'] {
  let read = () => 0
  new Gauge({
    name: 'countersign_alarms',
    help: 'What somebody has to look at: a refused reload and broken revocation lists, where the state before them is in force, and that every authenticator is switched off.',
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.set(read())
    },
  })
  return count => {
    read = count
  }
}

function watchAudit(registry: Registry): Metrics['watchAudit'] {
  let read = (): AuditReading => ({ sequence: undefined, pending: 0, lost: 0 })
  const watched = (name: string, help: string, aggregator: Aggregator, value: (reading: AuditReading) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      aggregator,
      collect() {
        this.set(value(read()))
      },
    })
  watched(
    'countersign_audit_sequence',
    'Sequence number of the last audit record on disk (-1 before the first).',
    'max',
    ({ sequence }) => sequence ?? -1,
  )
  watched('countersign_audit_pending', 'Audit records that wait to be written.', 'sum', ({ pending }) => pending)
  watched(
    'countersign_audit_lost',
    'Audit records that were given up since the start, because too many waited.',
    'sum',
    ({ lost }) => lost,
  )
  return source => {
    read = source
  }
}
