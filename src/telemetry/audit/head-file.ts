import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Head } from './record.ts'

/** Where the last place in the chain is kept beside the file, so that a file cut short is seen. */
export function headFileOf(file: string): string {
  return `${file}.head`
}

/** The last head that was noted; undefined when there is none, or it is unreadable: the chain itself is what counts. */
export async function readHead(file: string): Promise<Head | undefined> {
  const text = await readFile(headFileOf(file), 'utf8').catch(() => '')
  return parseHead(text.trimEnd())
}

export async function writeHead(file: string, head: Head): Promise<void> {
  const temporary = `${headFileOf(file)}.new`
  await writeFile(temporary, `${headText(head)}\n`, { mode: 0o600 })
  await rename(temporary, headFileOf(file))
}

/** `SEQUENCE:HASH`, as printed for people, and as `--head` takes it. */
export function headText({ sequence, hash }: Head): string {
  return `${sequence}:${hash}`
}

export function parseHead(text: string): Head | undefined {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return hash === undefined ? undefined : { sequence: Number(sequence), hash }
}
