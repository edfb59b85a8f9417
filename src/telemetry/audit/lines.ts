import { createReadStream } from 'node:fs'
import { CodedError } from '../../errors.ts'
import { longestLine } from './tail.ts'

export interface Line {
  readonly bytes: Buffer
  /** false for the last one when the file does not end with a line feed */
  readonly terminated: boolean
}

/** The lines of a file, byte for byte. A line that is too long to be a record comes in pieces. Throws ERR_AUDIT_UNREADABLE. */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
      const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk])
      let start = 0
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
        yield { bytes: bytes.subarray(start, end), terminated: true }
        start = end + 1
      }
      rest = bytes.subarray(start)
      if (rest.length <= longestLine) continue
      yield { bytes: rest, terminated: true }
      rest = Buffer.alloc(0)
    }
  } catch (cause) {
    throw new CodedError('ERR_AUDIT_UNREADABLE', `cannot read the audit file ${file}: ${(cause as Error).message}`, {
      remedy: 'Check the path, and that this user may read the file.',
      cause,
    })
  }
  if (rest.length > 0) yield { bytes: rest, terminated: false }
}
