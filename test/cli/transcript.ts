// A typed session as a test. In a transcript:
//   $ countersign keystore list a.p12     a command; also openssl, keytool and other programs
//   < secret                              a line that is typed (piped) into it
//   text                                  a line of standard output
//   ! text                                a line of standard error
//   ? 1                                   the exit code, when it is not 0
//   …                                     inside a line: any text; alone on a line: any number of lines (`! …` on standard error)
//   # text                                a remark
//   $ export NAME=value                   for the commands that follow
import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { main } from '../../src/cli/main.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { fixedClock } from '../../src/clock.ts'
import { run } from '../support/run.ts'

export interface Step {
  readonly line: number
  readonly command: string
  readonly input: string[]
  readonly stdout: string[]
  readonly stderr: string[]
  code: number
}

export function parseTranscript(text: string): Step[] {
  const steps: Step[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.startsWith('#')) continue
    if (line.startsWith('$ ')) {
      steps.push({ line: i + 1, command: line.slice(2), input: [], stdout: [], stderr: [], code: 0 })
      continue
    }
    const step = steps.at(-1)
    if (step === undefined) assert.equal(line, '', `line ${i + 1} comes before the first command`)
    else if (line.startsWith('< ') || line === '<') step.input.push(line.slice(2))
    else if (line.startsWith('! ') || line === '!') step.stderr.push(line.slice(2))
    else if (/^\? \d+$/.test(line)) step.code = Number(line.slice(2))
    else step.stdout.push(line)
  }
  return steps
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `step` in the current folder. */
export async function runStep(step: Step, env: Record<string, string | undefined>, now: number): Promise<Outcome> {
  const [program = '', ...args] = words(step.command)
  const input = step.input.map(line => `${line}\n`).join('')
  if (program === 'export') {
    const [name = '', value = ''] = (args[0] ?? '').split(/=(.*)/s)
    env[name] = value
    return { code: 0, stdout: '', stderr: '' }
  }
  if (program !== 'countersign') return run(program, args, { input, env, cwd: process.cwd() })
  return inProcess(args, input, env, now)
}

/** The program without a process of its own: thirty times as quick. That the launcher does the same is for launcher.test.ts to show. */
export async function inProcess(
  args: readonly string[],
  input: string,
  env: Record<string, string | undefined>,
  now: number,
): Promise<Outcome> {
  const out = new PassThrough()
  const err = new PassThrough()
  const stdin = Readable.from(input === '' ? [] : [Buffer.from(input)])
  const streams = { stdin, stdout: out, stderr: err } as unknown as Parameters<typeof createTerminal>[0]
  const collect = async (stream: PassThrough) => Buffer.concat(await stream.toArray()).toString('latin1')
  const both = Promise.all([collect(out), collect(err)])
  const code = await main(args, { terminal: createTerminal(streams), env, clock: fixedClock(now) })
  out.end()
  err.end()
  const [stdout, stderr] = (await both).map(text => Buffer.from(text, 'latin1').toString()) as [string, string]
  return { code, stdout, stderr }
}

/** Throws where the outcome is not what the step says. */
export function compare(step: Step, { code, stdout, stderr }: Outcome): void {
  const told = `$ ${step.command}\n--- stdout\n${stdout}--- stderr\n${stderr}--- exit ${code}`
  assert.ok(matches(step.stdout, stdout), `line ${step.line}: standard output differs\n${told}`)
  assert.ok(matches(step.stderr, stderr), `line ${step.line}: standard error differs\n${told}`)
  assert.equal(code, step.code, `line ${step.line}: exit code\n${told}`)
}

function matches(expected: readonly string[], actual: string): boolean {
  const trimmed = expected.join('\n').replace(/\n+$/, '')
  const pattern = trimmed
    .split('\n')
    .map(line => (line === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(escapeRegExp).join('.*')}\\n`))
    .join('')
  return new RegExp(`^${trimmed === '' ? '' : pattern}\\n*$`).test(actual)
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Words as a shell splits them, with '…' and "…" around blanks. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  )
}
