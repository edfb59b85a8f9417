import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
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
    const compiler = join(root, 'node_modules/.bin/tsc')
    execFileSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', join(program, 'dist')], { cwd: root })
    for (const each of ['package.json', 'bin']) cpSync(join(root, each), join(program, each), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(program, 'node_modules'))
  }
  return { launcher, env: { XDG_CACHE_HOME: join(folder, 'cache') } }
}
