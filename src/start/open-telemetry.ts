import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { Material } from '../config/material.ts'
import type { Log } from '../log.ts'
import { type Audit, openAudit } from '../telemetry/audit/audit.ts'
import { createEvents } from '../telemetry/events/create-events.ts'
import type { Events } from '../telemetry/events/events.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics/metrics.ts'

export interface Telemetry {
  readonly metrics: Metrics
  readonly audit: Audit | undefined
  readonly events: Events
}

/** Opens the audit record, and everything that is told goes through what this answers. */
export async function openTelemetry(
  { value, folder }: LoadedConfiguration,
  stack: AsyncDisposableStack,
  { clock, log }: { clock: Clock; log: Log },
): Promise<Telemetry> {
  const metrics = createMetrics({ clock })
  const file = resolve(folder, value.audit.file)
  if (value.audit.enabled) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const audit = value.audit.enabled
    ? stack.use(await openAudit({ ...value.audit, rotation: value.audit, file, clock, log }))
    : undefined
  const events = stack.use(createEvents({ log, metrics, audit }))
  return { metrics, audit, events }
}

/** When the certificates of the server and its anchors expire, for `countersign_certificate_expiry_days`. */
export function tellExpiries({ listeners }: Material, metrics: Metrics): void {
  const server = listeners.flatMap(({ options, identities }) =>
    identities.map(({ alias, chain }) => [`${options.name}/${alias}`, chain[0]!.notAfter] as const),
  )
  const anchors = listeners.flatMap(({ options, trust }) =>
    trust.anchors.map(({ alias, certificate }) => [`${options.name}/${alias}`, certificate.notAfter] as const),
  )
  metrics.replaceCertificateExpiries('server', server)
  metrics.replaceCertificateExpiries('anchor', anchors)
}
