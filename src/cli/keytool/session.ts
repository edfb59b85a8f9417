import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Context } from '../command.ts'
import { readInput } from '../read-input.ts'
import type { Flags, OptionName } from './flags.ts'
import { weaknesses } from './java-certificate.ts'
import { KeytoolError } from './keytool-error.ts'

/** One keytool command under way: what was asked for, how to talk, and the warnings that stand at its end. */
export class Session {
  readonly flags: Flags
  readonly ctx: Context
  #warnings: string[] = []

  constructor(flags: Flags, ctx: Context) {
    this.flags = flags
    this.ctx = ctx
  }

  value(name: OptionName): string | undefined {
    return this.flags.values.get(name)
  }

  has(name: string): boolean {
    return this.flags.switches.has(name)
  }

  /** `-alias`, or the JDK's default. */
  get alias(): string {
    return this.value('alias') ?? 'mykey'
  }

  out(text: string): void {
    this.ctx.terminal.print(text)
  }

  /** Text that brings its own line ends. */
  write(text: string | Uint8Array): void {
    this.ctx.terminal.stdout.write(text)
  }

  /** A file that a flag names, else standard input. */
  async input(file: string | undefined): Promise<Buffer> {
    try {
      return await readInput(this.ctx, file ?? '-')
    } catch (cause) {
      const text = `${file} (${(cause as Error).message.includes('not exist') ? 'No such file or directory' : 'cannot be read'})`
      throw new KeytoolError(text, { javaClass: 'java.io.FileNotFoundException', cause })
    }
  }

  err(text: string): void {
    this.ctx.terminal.note(text)
  }

  warn(line: string): void {
    this.#warnings.push(line)
  }

  /** The JDK's remarks on weak keys and signatures. A trust anchor's own signature says nothing, so it is not remarked on. */
  checkWeak(who: string, certificate: Certificate, trusted = false): void {
    this.#warnings.push(...weaknesses(who, certificate, trusted))
  }

  printWarnings(beforeQuestion = false): void {
    if (this.#warnings.length > 0 && !this.has('nowarn')) {
      this.err(`\nWarning:\n${this.#warnings.join('\n')}${beforeQuestion ? '\n' : ''}`)
    }
    this.#warnings = []
  }

  /** A question that is answered no unless somebody says yes. */
  async confirmed(question: string): Promise<boolean> {
    for (let tries = 0; tries <= 20; tries++) {
      const answer = (await this.ctx.terminal.ask.line(question))?.trim().toLowerCase() ?? ''
      if (['', 'n', 'no'].includes(answer)) return false
      if (['y', 'yes'].includes(answer)) return true
      this.err('Wrong answer, try again')
    }
    throw new KeytoolError('Too many retries, program terminated', { javaClass: 'java.lang.RuntimeException' })
  }
}
