import { readFileSync } from 'node:fs'

/** The records of an audit file that somebody is still writing: the last line counts once it is whole. */
export function auditRecords(file: string): Record<string, unknown>[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map(line => JSON.parse(line))
}
