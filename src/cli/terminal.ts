import { stripVTControlCharacters, styleText } from 'node:util'
import { createPrompter, type Prompter } from './prompt.ts'

/*
 * The rules of output:
 *   - what was asked for (data) goes to standard output, everything else to standard error;
 *   - colour only where a person reads it: styleText looks at the stream, NO_COLOR and FORCE_COLOR;
 *   - text that came from a file or the network passes through `plain` first: it must not steer the terminal;
 *   - a reader that went away (`| head`) is no error.
 */

export type Style = Parameters<typeof styleText>[0]

export interface Terminal {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** whether a person can be asked: standard input is a terminal */
  readonly interactive: boolean
  /** Data: a line (or lines) on standard output. */
  print(text: string): void
  /** Anything else: a line on standard error. */
  note(text: string): void
  /** Data as JSON, indented, on standard output. */
  json(value: unknown): void
  /** Data as one line of JSON. */
  jsonLine(value: unknown): void
  /** Data as columns on standard output; cells may be styled. */
  table(header: readonly string[], rows: readonly (readonly string[])[]): void
  /** Colour for standard output. */
  style(style: Style, text: string): string
  readonly ask: Prompter
}

export function createTerminal(streams: Pick<Terminal, 'stdin' | 'stdout' | 'stderr'>): Terminal {
  const { stdin, stdout, stderr } = streams
  for (const stream of [stdout, stderr]) quietWhenTheReaderLeaves(stream)
  const print = (text: string) => void stdout.write(`${text}\n`)
  const style = (format: Style, text: string) => styleText(format, text, { stream: stdout })
  return {
    stdin,
    stdout,
    stderr,
    interactive: Boolean(stdin.isTTY),
    print,
    note: text => void stderr.write(`${text}\n`),
    json: value => print(JSON.stringify(value, null, 2)),
    jsonLine: value => print(JSON.stringify(value)),
    table: (header, rows) => print(columns([header.map(cell => style('dim', cell)), ...rows])),
    style,
    ask: createPrompter(stdin, stderr),
  }
}

/** Text from a certificate or a file, with everything that a terminal would obey made visible. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c => `\\u{${c.codePointAt(0)?.toString(16)}}`)
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell))
  }
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - width(cell)))).join('  ')
  return rows.map(row => line(row).trimEnd()).join('\n')
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}

function quietWhenTheReaderLeaves(stream: NodeJS.WriteStream) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
  })
}
