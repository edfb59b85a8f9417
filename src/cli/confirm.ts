import { CodedError } from '../errors.ts'
import type { Context } from './command.ts'

/** `--yes`, for commands that ask before they do. */
export const yesOption = { yes: { flags: '-y, --yes', describe: 'do it without asking' } } as const

/** Asks a question that only "y" or "yes" answers with yes. Where nobody can answer, `--yes` is required. */
export async function confirm(ctx: Pick<Context, 'terminal'>, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true
  const answer = await ctx.terminal.ask.line(`${question} [y/N] `)
  if (answer !== undefined) return /^y(es)?$/iu.test(answer.trim())
  throw new CodedError('ERR_CLI_CONFIRMATION_REQUIRED', 'this needs a confirmation, and standard input is at its end', {
    remedy: 'Pass --yes, or run the command in a terminal.',
  })
}
