import type { Clock } from '../clock.ts'
import type { Terminal } from './terminal.ts'

/** Exit codes of every command: 0 yes, 1 no (a check failed), 2 wrong use, 3 failure. */
export const exit = { yes: 0, no: 1, usage: 2, failure: 3 } as const

/** `flags` as commander writes them: `-f, --file <FILE>`; a flag without `<…>` is a switch. */
export interface OptionSpec {
  readonly flags: string
  readonly describe: string
  readonly default?: string
  readonly required?: true
  /** may be given several times; the value is then a list */
  readonly repeat?: true
  readonly choices?: readonly string[]
}

/** `name` is `<FILE>` (required), `[FILE]` (optional), `<FILE...>` or `[FILE...]` (the rest, last only). */
export interface ArgumentSpec {
  readonly name: string
  readonly describe: string
}

type OptionValue<O> = O extends { repeat: true }
  ? readonly string[]
  : O extends { flags: `${string}<${string}` }
    ? O extends { required: true } | { default: string }
      ? string
      : string | undefined
    : boolean

type ArgumentValue<A> = A extends { name: `${string}...${string}` }
  ? readonly string[]
  : A extends { name: `<${string}` }
    ? string
    : string | undefined

/** What a command's `run` is handed. */
export interface Context<
  A extends Record<string, ArgumentSpec> = Record<string, ArgumentSpec>,
  O extends Record<string, OptionSpec> = Record<string, OptionSpec>,
> {
  readonly arguments: { readonly [K in keyof A]: ArgumentValue<A[K]> }
  readonly options: { readonly [K in keyof O]: OptionValue<O[K]> }
  /** everything after the command's name as typed; only `raw` commands need it */
  readonly raw: readonly string[]
  readonly terminal: Terminal
  readonly clock: Clock
  readonly env: NodeJS.ProcessEnv
  /** An absolute path for a file that the user named. */
  path(file: string): string
  /**
   * Aborted by SIGINT or SIGTERM, for commands that keep running. Before the first call those signals end the process as usual;
   * after it they only abort this signal, and the second one of them ends the process at once.
   */
  untilStopped(): AbortSignal
}

export interface Command<
  A extends Record<string, ArgumentSpec> = Record<string, ArgumentSpec>,
  O extends Record<string, OptionSpec> = Record<string, OptionSpec>,
> {
  /** `['keystore', 'list']`, or one word; the same as in table.ts */
  readonly name: readonly string[]
  /** one line, third person, no full stop: "Lists the entries of a key store" */
  readonly summary: string
  /** more paragraphs for `--help`, after the summary */
  readonly description?: string
  /** in the order in which they are typed */
  readonly arguments?: A
  readonly options?: O
  /** command lines to paste, without a prompt sign */
  readonly examples: readonly string[]
  /** takes its arguments unread, as `ctx.raw` (keytool); `--help` is then its own business */
  readonly raw?: true
  run(ctx: Context<A, O>): Promise<number> | number
}

/** A command whose arguments and options are typed by their own declarations. Answers the exit code. */
export function defineCommand<
  const A extends Record<string, ArgumentSpec> = Record<never, ArgumentSpec>,
  const O extends Record<string, OptionSpec> = Record<never, OptionSpec>,
>(command: Command<A, O>): Command<A, O> {
  return command
}

/** `--json`, for every command that reads. */
export const jsonOption = { json: { flags: '--json', describe: 'print JSON instead of text' } } as const
