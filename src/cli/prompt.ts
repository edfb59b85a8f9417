import { CodedError } from '../errors.ts'

const longestLine = 64 * 1024
const longestInput = 64 * 1024 * 1024

/** Questions go to standard error; answers come from standard input, typed or piped: one line each. Undefined at its end. */
export interface Prompter {
  line(question: string): Promise<string | undefined>
  /** Without echo where a person types. */
  hidden(question: string): Promise<string | undefined>
  /** All that is left of standard input, for commands that read a file from it. Throws ERR_CLI_INPUT beyond 64 MiB. */
  rest(): Promise<Buffer>
  /** From now on questions are not printed: for `--json`, whose reader may want standard error to be JSON too. */
  silence(): void
}

export function createPrompter(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): Prompter {
  const input = new LineInput(stdin)
  let write = (text: string) => void stderr.write(text)
  return {
    async line(question) {
      write(question)
      const line = await input.line()
      if (!stdin.isTTY) write('\n')
      return line
    },
    async hidden(question) {
      const ask = () => write(question)
      if (!stdin.isTTY) ask()
      const line = stdin.isTTY ? await input.hiddenLine(ask) : await input.line()
      write('\n')
      return line
    },
    rest: () => input.rest(),
    silence: () => {
      write = () => {}
    },
  }
}

/** Lines of standard input one by one; what was read past a line is kept for the next question. */
class LineInput {
  readonly #stdin: NodeJS.ReadStream
  #chunks: AsyncIterator<Buffer> | undefined
  #rest = Buffer.alloc(0)

  constructor(stdin: NodeJS.ReadStream) {
    this.#stdin = stdin
  }

  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a)
      if (end >= 0) return this.#take(end, end + 1)
      if (this.#rest.length > longestLine)
        throw new CodedError('ERR_CLI_INPUT', 'the answer on standard input is too long')
      if (!(await this.#more()))
        return this.#rest.length > 0 ? this.#take(this.#rest.length, this.#rest.length) : undefined
    }
  }

  /**
   * A terminal in raw mode: no echo, so the keys that edit a line are ours to honour. The question comes after the echo is off, or
   * the fingers of somebody quick would show.
   */
  async hiddenLine(ask: () => void): Promise<string | undefined> {
    this.#stdin.setRawMode(true)
    try {
      ask()
      let typed: number[] = []
      for (;;) {
        for (const [i, byte] of this.#rest.entries()) {
          if (byte === 0x0d || byte === 0x0a || (byte === 0x04 && typed.length === 0)) {
            this.#rest = this.#rest.subarray(i + 1)
            return byte === 0x04 ? undefined : Buffer.from(typed).toString()
          }
          if (byte === 0x03) this.#interrupt()
          else if (byte === 0x7f || byte === 0x08) typed = withoutLastCharacter(typed)
          else if (byte === 0x15) typed = []
          else typed.push(byte)
        }
        this.#rest = Buffer.alloc(0)
        if (typed.length > longestLine || !(await this.#more())) return undefined
      }
    } finally {
      this.#stdin.setRawMode(false)
    }
  }

  async rest(): Promise<Buffer> {
    const chunks: Buffer[] = []
    let length = 0
    do {
      chunks.push(this.#rest)
      length += this.#rest.length
      if (length > longestInput) throw new CodedError('ERR_CLI_INPUT', 'standard input is too long')
      this.#rest = Buffer.alloc(0)
    } while (await this.#more())
    return Buffer.concat(chunks)
  }

  #interrupt() {
    this.#stdin.setRawMode(false)
    process.kill(process.pid, 'SIGINT')
  }

  #take(end: number, next: number): string {
    const line = this.#rest.subarray(0, end).toString()
    this.#rest = this.#rest.subarray(next)
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }

  async #more(): Promise<boolean> {
    this.#chunks ??= this.#stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    const { done, value } = await this.#chunks.next()
    if (!done) this.#rest = Buffer.concat([this.#rest, Buffer.from(value)])
    return !done
  }
}

function withoutLastCharacter(utf8: number[]): number[] {
  let end = utf8.length - 1
  while (end > 0 && ((utf8[end] ?? 0) & 0xc0) === 0x80) end--
  return utf8.slice(0, Math.max(end, 0))
}
