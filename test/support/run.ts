import { type SpawnOptions, spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'env'> {
  readonly input?: string
  /** milliseconds; the program is killed then */
  readonly timeout?: number
}

/** Runs a program to its end. Never throws for an exit code. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { input, timeout = 60_000, ...rest } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...rest, stdio: 'pipe', timeout, killSignal: 'SIGKILL' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', chunk => out.push(chunk))
    child.stderr.on('data', chunk => err.push(chunk))
    child.on('error', reject)
    child.on('close', code =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

const launcher = join(import.meta.dirname, '../../bin/countersign.js')

/** Runs `countersign ARGS` in a process of its own. */
export function countersign(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return run(process.execPath, [launcher, ...args], options)
}
