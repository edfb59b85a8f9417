import type { CommandName } from './flags.ts'

/** Wrong use, as the JDK's keytool complains of it: one line, then the short help. */
export class KeytoolUsage extends Error {
  readonly command: CommandName | undefined

  constructor(message: string, command: CommandName | undefined) {
    super(message)
    this.command = command
  }
}

/** A failure in the JDK's words: `keytool error: java.lang.Exception: …`. The remedy is ours, and goes to standard error. */
export class KeytoolError extends Error {
  readonly javaClass: string
  readonly remedy: string | undefined

  constructor(message: string, options: { javaClass?: string; remedy?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.javaClass = options.javaClass ?? 'java.lang.Exception'
    this.remedy = options.remedy
  }
}
