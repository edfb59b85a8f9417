import { hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { type AuditRecord, decodeRecord } from './record.ts'

/** How a file ends. */
export interface Tail {
  /** the last whole record; undefined when there is none */
  readonly record: AuditRecord | undefined
  /** what stands after it and is no record: a crash, or a full disk, cut it short */
  readonly torn: Torn | undefined
  /** whether the file ends with a line feed, or is empty */
  readonly terminated: boolean
}

export interface Torn {
  /** without a line feed at its end */
  readonly bytes: number
  readonly hash: string
}

/** No record is as long as this. */
export const longestLine = 1 << 20

export function tornOf(lines: readonly Uint8Array[]): Torn {
  const bytes = Buffer.concat(lines.flatMap((line, i) => (i === 0 ? [line] : [Buffer.from('\n'), line])))
  return { bytes: bytes.length, hash: hash('sha256', bytes, 'hex') }
}

/** Bytes that hold the last record nearly always: where several processes write in turn, each looks before it does. */
const nearEnd = 16 * 1024

/** Reads how the file ends; undefined when the last record was changed, or no record is near the end. */
export async function readTail(handle: FileHandle, size: number): Promise<Tail | undefined> {
  return (await lookAt(handle, size, nearEnd)) ?? lookAt(handle, size, 2 * longestLine)
}

async function lookAt(handle: FileHandle, size: number, length: number): Promise<Tail | undefined> {
  const bytes = await readEnd(handle, size, length)
  if (bytes === undefined) return undefined
  const terminated = bytes.length === 0 || bytes.at(-1) === 0x0a
  const torn: Uint8Array[] = []
  let end = terminated ? bytes.length - 1 : bytes.length
  while (end >= 0) {
    const start = end === 0 ? 0 : bytes.lastIndexOf('\n', end - 1) + 1
    // the first line in view may be the rest of one that begins before
    if (start === 0 && bytes.length < size) return undefined
    const line = bytes.subarray(start, end)
    const decoded = decodeRecord(line.toString('utf8'))
    if (decoded?.changed) return undefined
    if (decoded) return { record: decoded.record, torn: torn.length > 0 ? tornOf(torn) : undefined, terminated }
    torn.unshift(line)
    end = start - 1
  }
  return { record: undefined, torn: torn.length > 0 ? tornOf(torn) : undefined, terminated }
}

async function readEnd(handle: FileHandle, size: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(Math.min(size, length))
  for (let got = 0; got < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, got, bytes.length - got, size - bytes.length + got)
    if (bytesRead === 0) return undefined
    got += bytesRead
  }
  return bytes
}
