import { Command as Commander, type CommanderError, Option } from 'commander'
import { CodedError } from '../errors.ts'
import { type Command, type Context, exit } from './command.ts'
import { nouns } from './table.ts'
import type { Terminal } from './terminal.ts'

export type Values = Pick<Context, 'arguments' | 'options'>

/**
 * Reads `argv` with commander. Answers the values of the command that was called, or the exit code when help was shown instead.
 * Wrong use throws ERR_CLI_USAGE; `help` is the command line that its remedy names.
 */
export async function parse(
  commands: readonly Command[],
  argv: readonly string[],
  terminal: Terminal,
  help: string,
): Promise<Values | number> {
  let values: Values | undefined
  const program = buildProgram(commands, found => {
    values = found
  })
  const writers = {
    writeOut: (text: string) => void terminal.stdout.write(text),
    writeErr: (text: string) => void terminal.stderr.write(text),
    outputError: () => {},
  }
  for (const each of family(program)) each.configureOutput(writers).exitOverride()
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    const { code, message } = error as CommanderError
    if (code === 'commander.helpDisplayed') return exit.yes
    // Too few words: the help stands on standard error, and nothing was done.
    if (code === 'commander.help') return exit.usage
    if (!code?.startsWith('commander.')) throw error
    // What follows an option with "=" may be a secret under a name that was typed wrong.
    const text = message
      .replace(/^error: /u, '')
      .replace(/^(unknown option '[^'=]*)=[^']*'/u, "$1'")
      .replace(/\n/gu, ' ')
    throw new CodedError('ERR_CLI_USAGE', text, { remedy: `Run \`${help}\`.` })
  }
  return values ?? exit.usage
}

/** The commander tree of these commands; `found` gets the values when one of them is called. */
export function buildProgram(commands: readonly Command[], found: (values: Values) => void): Commander {
  const program = new Commander('countersign')
    .description(
      'An identity server for mutual TLS: who is this client certificate, may it come in, and if not, why not.',
    )
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; also after each command')
    .helpCommand(false)
  for (const command of commands) add(program, command, found)
  return program
}

function add(program: Commander, command: Command, found: (values: Values) => void) {
  const [first = '', second] = command.name
  let parent = program
  if (second !== undefined) {
    parent = program.commands.find(each => each.name() === first) ?? program.command(first).helpCommand(false)
    parent.description(nouns[first] ?? '').helpOption('-h, --help', 'show help')
  }
  const leaf = parent
    .command(second ?? first)
    .summary(command.summary)
    .helpOption('-h, --help', 'show help')
  leaf.description([`${command.summary}.`, command.description].filter(Boolean).join('\n\n'))
  leaf.addHelpText('after', `\nExamples:\n${command.examples.map(line => `  ${line}`).join('\n')}`)
  for (const { name, describe } of Object.values(command.arguments ?? {})) leaf.argument(name, describe)
  if (command.raw) leaf.argument('[ARGS...]').allowUnknownOption()
  const names = addOptions(leaf, command)
  leaf.action(() => {
    const given = leaf.opts()
    const options = Object.fromEntries(
      Object.entries(names).map(([key, attribute]) => [key, given[attribute] ?? false]),
    )
    found({ arguments: argumentValues(leaf, command), options: withAbsent(command, options) } as Values)
  })
}

function addOptions(leaf: Commander, command: Command): Record<string, string> {
  const names: Record<string, string> = {}
  for (const [key, spec] of Object.entries(command.options ?? {})) {
    const option = new Option(spec.flags, spec.describe)
    if (spec.choices) option.choices([...spec.choices])
    if (spec.default !== undefined) option.default(spec.default)
    if (spec.required) option.makeOptionMandatory()
    if (spec.repeat) option.argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value])
    leaf.addOption(option)
    names[key] = option.attributeName()
  }
  return names
}

/** Absent values: an empty list for repeated options, undefined for single ones, false for switches. */
function withAbsent(command: Command, given: Record<string, unknown>): Record<string, unknown> {
  const absent = (key: string) => {
    const spec = command.options?.[key]
    return spec?.repeat ? [] : spec?.flags.includes('<') ? undefined : false
  }
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, value === false ? absent(key) : value]))
}

function argumentValues(leaf: Commander, command: Command): Record<string, unknown> {
  return Object.fromEntries(Object.keys(command.arguments ?? {}).map((key, i) => [key, leaf.processedArgs[i]]))
}

function* family(command: Commander): Generator<Commander> {
  yield command
  for (const each of command.commands) yield* family(each)
}
