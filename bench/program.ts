import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

export interface Program {
  /** what Node is to run */
  readonly launcher: string
  /** what the process needs in its environment, so that it leaves nothing behind elsewhere */
  readonly env: NodeJS.ProcessEnv
}

/** Countersign of a checkout, built into a folder below `folder` as it is published: from source a start would pay for what no user's does. */
export function publish(name: string, root: string, folder: string): Program {
  const program = join(folder, `program-${name}`)
  const launcher = join(program, 'bin/countersign.js')
  if (!existsSync(launcher)) {
    mkdirSync(program)
    execFileSync(process.execPath, ['scripts/build.ts', join(program, 'dist')], { cwd: root })
    for (const each of ['package.json', 'bin']) cpSync(join(root, each), join(program, each), { recursive: true })
  }
  return { launcher, env: { XDG_CACHE_HOME: join(folder, 'cache') } }
}
