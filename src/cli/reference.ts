import type { Command } from './command.ts'
import { nouns, table } from './table.ts'

/** docs/cli.md, from the commands themselves. */
export async function renderReference(): Promise<string> {
  const commands = await Promise.all(table.map(async row => (await row.load()).command))
  const parts = [opening]
  let noun = ''
  for (const command of commands) {
    const [first = '', second] = command.name
    if (second !== undefined && first !== noun) parts.push(`## ${first}\n\n${nouns[first]}.\n`)
    noun = second === undefined ? '' : first
    parts.push(section(command, second === undefined ? '##' : '###'))
  }
  return `${parts.join('\n')}`
}

const opening = `# Command line

<!-- Made by \`npm run docs\` from src/cli/commands: change it there. -->

\`countersign <noun> <verb>\`, or one word. \`--help\` after any of them shows what stands here.

- What was asked for goes to standard output, everything else to standard error. Reading commands take \`--json\`.
- Exit codes: 0 yes, 1 no (a check failed, or a question was answered with no), 2 wrong use, 3 failure. \`keytool\` has the JDK's: 0, or 1.
- An error names the thing, what to do about it, and a stable code. With \`--json\` it is \`{"error": {"code", "message", "remedy"}}\` on standard error.
- Passwords are taken from the environment (\`--password env:NAME\`), from a file (\`--password file:FILE\`, \`--password-file FILE\`), from the terminal without
  echo, or from standard input, one line for each. They are never arguments, because every user of a machine can see those; only \`keytool\` accepts them, as the JDK's does.
- \`NO_COLOR\` and \`FORCE_COLOR\` are honoured. \`COUNTERSIGN_DEBUG=1\` adds where an error came from.
`

function section(command: Command, heading: string): string {
  const name = `countersign ${command.name.join(' ')}`
  const args = Object.values(command.arguments ?? {})
  const options = Object.values(command.options ?? {})
  const usage = [
    name,
    ...args.map(arg => arg.name),
    ...(options.length > 0 ? ['[options]'] : []),
    ...(command.raw ? ['ARGS'] : []),
  ]
  const parts = [`${heading} ${name}`, `${command.summary}.`, `    ${usage.join(' ')}`]
  if (command.description) parts.push(command.description)
  const rows = [
    ...args.map(({ name, describe }) => [name, describe]),
    ...options.map(option => [option.flags, option.describe + remarks(option)]),
  ]
  if (rows.length > 0) {
    const lines = rows.map(([flag = '', text = '']) => `| \`${flag}\` | ${escaped(text)} |`)
    parts.push(['| | |', '|---|---|', ...lines].join('\n'))
  }
  parts.push(`\`\`\`sh\n${command.examples.join('\n')}\n\`\`\``)
  return `${parts.join('\n\n')}\n`
}

function remarks(option: NonNullable<Command['options']>[string]): string {
  const notes = [
    option.required ? 'required' : '',
    option.choices ? option.choices.join(', ') : '',
    option.default === undefined ? '' : `default: ${option.default}`,
    option.repeat ? 'may be repeated' : '',
  ].filter(Boolean)
  return notes.length > 0 ? ` (${notes.join('; ')})` : ''
}

function escaped(text: string): string {
  return text.replace(/[|<]/gu, '\\$&')
}
