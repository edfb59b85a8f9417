import { open, readdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { AuditRecord } from './record.ts'
import { readTail } from './tail.ts'

/** The files that rotation put aside, oldest first: `audit-2026-01-31-001284.jsonl` ends with record 1284. */
export async function earlierFiles(file: string): Promise<string[]> {
  const folder = dirname(file)
  const { stem, extension } = partsOf(file)
  const found = (await readdir(folder)).flatMap(name => {
    if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return []
    const last = /^\d{4}-\d{2}-\d{2}-(\d{6,15})$/.exec(name.slice(stem.length + 1, name.length - extension.length))?.[1]
    return last === undefined ? [] : [{ name, last: Number(last) }]
  })
  return found.toSorted((a, b) => a.last - b.last).map(({ name }) => join(folder, name))
}

/** What a file is called once it is put aside. */
export function earlierName(file: string, last: Pick<AuditRecord, 'time' | 'sequence'>): string {
  const { stem, extension } = partsOf(file)
  const sequence = String(last.sequence).padStart(6, '0')
  return join(dirname(file), `${stem}-${last.time.slice(0, 10)}-${sequence}${extension}`)
}

/** Undefined when there is none, or it was changed: that is for verifying to say. */
export async function lastRecord(file: string): Promise<AuditRecord | undefined> {
  const handle = await open(file, 'r')
  try {
    return (await readTail(handle, (await handle.stat()).size))?.record
  } finally {
    await handle.close()
  }
}

function partsOf(file: string): { stem: string; extension: string } {
  const extension = extname(file)
  return { stem: basename(file, extension), extension }
}
