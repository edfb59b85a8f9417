import { CodedError } from '../src/errors.ts'

/** The code of an error that may come out, with its words: numbers, names and quotations out, so that there are finitely many. */
export function refusal(error: unknown, codes: RegExp): string {
  if (!(error instanceof CodedError) || !codes.test(error.code)) throw error
  if (error.remedy === undefined) throw new Error(`${error.code} has no remedy`, { cause: error })
  const cause = error.cause instanceof Error ? ` < ${plain(error.cause.message)}` : ''
  return `${error.code} ${plain(error.message)}${cause}`
}

/** What `read` answers, or the refusal of it. */
export function outcome(codes: RegExp, read: () => string): string {
  try {
    return read()
  } catch (error) {
    return refusal(error, codes)
  }
}

function plain(message: string): string {
  return message
    .slice(0, 160)
    .replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '"')
    .replace(/[0-9a-f]*[0-9][0-9a-f.]*/gi, '0')
    .replace(/[^\x20-\x7e]+/g, '?')
}

/** The octets in the middle of a larger buffer: whoever reads past either end finds what does not belong. */
export function guarded(bytes: Uint8Array): Buffer {
  const around = Buffer.alloc(bytes.length + 64, 0x30)
  around.set(bytes, 32)
  return around.subarray(32, 32 + bytes.length)
}

/** 0, 1, 2, 4, 8 … : a count that tells apart what matters. */
export function magnitude(count: number): number {
  return count === 0 ? 0 : 2 ** Math.floor(Math.log2(count))
}
