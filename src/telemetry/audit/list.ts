import { readLines } from './lines.ts'
import { type AuditRecord, decodeRecord } from './record.ts'

/** All that are given must hold. */
export interface AuditFilter {
  readonly user?: string | undefined
  readonly code?: string | undefined
  readonly kind?: string | undefined
  readonly requestId?: string | undefined
  /** milliseconds since the epoch; `until` is not included */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/** The records of a file that pass, in its order. Says nothing about whether they are genuine: that is `verifyAudit`'s. */
export async function* listAudit(file: string, filter: AuditFilter = {}): AsyncGenerator<AuditRecord> {
  for await (const { bytes } of readLines(file)) {
    const record = decodeRecord(bytes.toString('utf8'))?.record
    if (record !== undefined && passes(record, filter)) yield record
  }
}

function passes({ kind, time, fields }: AuditRecord, filter: AuditFilter): boolean {
  const at = Date.parse(time)
  return (
    (filter.user === undefined || fields.user === filter.user) &&
    (filter.code === undefined || fields.code === filter.code) &&
    (filter.kind === undefined || kind === filter.kind) &&
    (filter.requestId === undefined || fields.requestId === filter.requestId) &&
    (filter.since === undefined || at >= filter.since) &&
    (filter.until === undefined || at < filter.until)
  )
}
