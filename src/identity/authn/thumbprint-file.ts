import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { CodedError, isCoded } from '../../errors.ts'
import { ThumbprintTable } from './thumbprint-table.ts'

/** Twice as many would not fit the numbers of the table's slots well. */
const mostEntries = 16_000_000
/** Octets: the digits and the end of the line. */
const shortestLine = 65

/**
 * Reads a list of SHA-256 thumbprints: one a line, in hex of any case, colons or not; empty lines and what follows a `#` are passed over.
 * In pieces, so that others are served meanwhile. Throws ERR_ALLOW_LIST_FILE, and ERR_ALLOW_LIST_THUMBPRINT with the line (invariant 4).
 */
export async function readThumbprintFile(file: string): Promise<ThumbprintTable> {
  let reader: ThumbprintReader
  try {
    const { size } = await stat(file)
    reader = new ThumbprintReader(file, size / shortestLine)
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) reader.read(chunk as Buffer)
  } catch (cause) {
    if (isCoded(cause)) throw cause
    throw new CodedError('ERR_ALLOW_LIST_FILE', `cannot read the allow-list ${file}: ${(cause as Error).message}`, {
      remedy: 'Check the path, and that the server may read the file.',
      cause,
    })
  }
  return reader.end()
}

class ThumbprintReader {
  readonly #table: ThumbprintTable
  readonly #file: string
  readonly #octets = new Uint8Array(32)
  /** digits of the line so far */
  #digits = 0
  #line = 1
  #comment = false

  constructor(file: string, expected: number) {
    this.#file = file
    this.#table = new ThumbprintTable(Math.min(expected, mostEntries))
  }

  read(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#digits === 0 && this.#takeLine(chunk, at)) at += 65
      else this.#take(chunk[at++]!)
    }
  }

  end(): ThumbprintTable {
    this.#endLine()
    return this.#table
  }

  /** Whether a whole line of 64 digits stands there, which is what nearly every line is. */
  #takeLine(chunk: Uint8Array, at: number): boolean {
    if (this.#comment || chunk[at + 64] !== lineFeed) return false
    const octets = this.#octets
    for (let i = 0; i < 32; i++) {
      const high = digits[chunk[at + 2 * i]!]!
      const low = digits[chunk[at + 2 * i + 1]!]!
      if (high > 15 || low > 15) return false
      octets[i] = (high << 4) | low
    }
    this.#digits = 64
    this.#endLine()
    return true
  }

  #take(code: number): void {
    if (code === lineFeed) this.#endLine()
    else if (!this.#comment) this.#takeInLine(code)
  }

  #takeInLine(code: number): void {
    const digit = digits[code]!
    if (digit < 16) {
      if (this.#digits === 64) throw this.#unfit()
      const at = this.#digits >> 1
      this.#octets[at] = this.#digits % 2 === 0 ? digit << 4 : this.#octets[at]! | digit
      this.#digits += 1
    } else if (code === hash) this.#comment = true
    else if (!passedOver.has(code)) throw this.#unfit()
  }

  #endLine(): void {
    if (this.#digits !== 0) {
      if (this.#digits !== 64) throw this.#unfit()
      if (this.#table.size === mostEntries) throw this.#tooMany()
      this.#table.add(this.#octets)
    }
    this.#digits = 0
    this.#comment = false
    this.#line += 1
  }

  #unfit(): CodedError {
    return new CodedError('ERR_ALLOW_LIST_THUMBPRINT', `${this.#file}, line ${this.#line}: no SHA-256 thumbprint`, {
      remedy: 'Write 64 hexadecimal digits on each line, colons or not; `countersign cert show FILE` prints them.',
    })
  }

  #tooMany(): CodedError {
    return new CodedError('ERR_ALLOW_LIST_FILE', `${this.#file} has more than ${mostEntries} thumbprints`, {
      remedy: 'Trust an authority of their own instead.',
    })
  }
}

const lineFeed = 0x0a
const hash = 0x23
/** Between digits and at the end of a line: tab, carriage return, space, colon. */
const passedOver: ReadonlySet<number> = new Set([0x09, 0x0d, 0x20, 0x3a])

/** What each octet is as a hexadecimal digit; 16: none. */
const digits = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(digit) ? 16 : digit
})
