import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { type Command, type Context, exit } from './command.ts'
import { reportFailure } from './failure.ts'
import { nouns, type TableRow, table } from './table.ts'
import { createTerminal, type Terminal } from './terminal.ts'

export interface World {
  readonly terminal: Terminal
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
}

/** The program: reads process.argv, and ends the process when everything is written. */
export async function run(): Promise<void> {
  const { stdin, stdout, stderr, env } = process
  const terminal = createTerminal({ stdin, stdout, stderr })
  // Node would end with 1 here, and 1 means that a check answered no.
  process.on('uncaughtException', error => process.exit(reportFailure(error, terminal, false)))
  const code = await main(process.argv.slice(2), { terminal, env, clock: systemClock })
  for (const stream of [stdout, stderr]) await new Promise(done => stream.write('', done))
  process.exit(code)
}

/** One command line in, its exit code out. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const { terminal } = world
  const json = argv.includes('--json')
  if (json && !terminal.interactive) terminal.ask.silence()
  try {
    const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
    if (words[0] === '--version' || words[0] === '-V') return await printVersion(terminal)
    const row = table.find(each => each.name.split(' ').every((word, i) => words[i] === word))
    if (row === undefined) return await withoutCommand(words, terminal)
    return await call(await load(row), words, world)
  } catch (error) {
    return reportFailure(error, terminal, json)
  }
}

async function call(command: Command, words: readonly string[], world: World): Promise<number> {
  const raw = words.slice(command.name.length)
  const { parse } = command.raw ? { parse: undefined } : await import('./program.ts')
  const help = `countersign ${command.name.join(' ')} --help`
  const values =
    parse === undefined ? { arguments: {}, options: {} } : await parse([command], words, world.terminal, help)
  if (typeof values === 'number') return values
  return command.run({ ...values, ...contextOf(world), raw })
}

/** The words name no command: help when asked for, else a suggestion. */
async function withoutCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  const { parse } = await import('./program.ts')
  const noun = words[0] !== undefined && words[0] in nouns ? `${words[0]} ` : ''
  const commands =
    noun === '' ? table.map(outline) : await Promise.all(table.filter(row => row.name.startsWith(noun)).map(load))
  const values = await parse(commands, words, terminal, `countersign ${noun}--help`)
  return typeof values === 'number' ? values : exit.usage
}

async function load(row: TableRow): Promise<Command> {
  return (await row.load()).command
}

/** Enough of a command for the overview. */
function outline({ name, summary = '' }: TableRow): Command {
  return { name: name.split(' '), summary, examples: [], run: () => exit.usage }
}

function contextOf(world: World): Omit<Context, 'arguments' | 'options' | 'raw'> {
  let stopped: AbortSignal | undefined
  return {
    ...world,
    path: file => resolve(file),
    untilStopped: () => {
      stopped ??= abortOnSignal()
      return stopped
    },
  }
}

function abortOnSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort(signal))
  return controller.signal
}

async function printVersion(terminal: Terminal): Promise<number> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  terminal.print(JSON.parse(manifest).version)
  return exit.yes
}
