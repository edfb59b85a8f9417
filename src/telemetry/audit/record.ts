import { hash } from 'node:crypto'
import type { AuditKind } from './kinds.ts'

export type AuditValue =
  | string
  | number
  | boolean
  | null
  | readonly AuditValue[]
  | { readonly [name: string]: AuditValue }

/** What a record says, besides its place in the chain. */
export type AuditFields = Readonly<Record<string, AuditValue>>

export interface AuditRecord {
  readonly sequence: number
  /** ISO 8601, UTC, milliseconds */
  readonly time: string
  readonly kind: string
  readonly fields: AuditFields
  /** hash of the record before this one */
  readonly previous: string
  readonly hash: string
}

/** A record before it has its place in the chain. */
export interface PendingRecord {
  readonly time: string
  readonly kind: AuditKind
  /** JSON text of an object */
  readonly fields: string
}

/** A place in the chain: whoever keeps one outside can prove later that nothing up to there was changed or cut off. */
export interface Head {
  readonly sequence: number
  readonly hash: string
}

/** `previous` of the first record of all. */
export const genesis = '0'.repeat(64)

/**
 * One line of the file, without its line feed. `fields` is the JSON text of an object. The hash is SHA-256 over the line as it would
 * be without `hash`, byte for byte, so that checking it needs no canonical form of JSON.
 */
export function encodeRecord(
  sequence: number,
  { time, kind, fields }: PendingRecord,
  previous: string,
): { line: string; hash: string } {
  const inner = fields === '{}' ? '' : `${fields.slice(1, -1)},`
  const start = `{"sequence":${sequence},"time":"${time}","kind":"${kind}",${inner}"previous":"${previous}"`
  const digest = hash('sha256', `${start}}`, 'hex')
  return { line: `${start},"hash":"${digest}"}`, hash: digest }
}

/** The record on a line: `changed` when its hash is not that of its text, undefined when the line is no record at all. */
export function decodeRecord(line: string): { record: AuditRecord; changed: boolean } | undefined {
  const match = /^(\{"sequence":.+),"hash":"([0-9a-f]{64})"\}$/s.exec(line)
  if (match === null) return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const { sequence, time, kind, previous, hash: digest, ...fields } = value as Record<string, unknown>
  const wellFormed =
    Number.isSafeInteger(sequence) && [time, kind, previous, digest].every(text => typeof text === 'string')
  if (!wellFormed) return undefined
  const record = { sequence, time, kind, fields, previous, hash: digest } as AuditRecord
  return { record, changed: hash('sha256', `${match[1]}}`, 'hex') !== match[2] || digest !== match[2] }
}
