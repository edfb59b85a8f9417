import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadConfiguration } from '../../config/load.ts'
import { openMaterial } from '../../config/material.ts'
import { ConfigError, describe } from '../../config/read.ts'
import { findingText } from '../../config/wso2/finding.ts'
import { loadCarbonHome } from '../../config/wso2/load-carbon-home.ts'
import { configurationFile, migrate } from '../../config/wso2/migrate.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { confirm, yesOption } from '../confirm.ts'
import { plain } from '../terminal.ts'
import { writeOutput } from '../write-output.ts'

export const command = defineCommand({
  name: ['migrate'],
  summary: 'Writes a countersign.yaml that decides like a WSO2 Carbon home',
  description: `Names each setting that it tightened or could not carry, on standard error and as comments in the file. Passwords are not copied: the
file names environment variables, which are listed at the end, unless --copy-passwords writes each into a file of its own (mode 0600). The key
stores stay where they are, unless --convert-stores writes PKCS#12 stores that hold only the key of the server and the certificates that count.
Files that are there already are replaced after a question only, all of them or none. What was written is checked as \`countersign check-config\` does.`,
  arguments: { home: { name: '<CARBON_HOME>', describe: 'the folder of the product, with repository in it' } },
  options: {
    out: { flags: '--out <DIR>', describe: 'where to write', default: '.' },
    convertStores: { flags: '--convert-stores', describe: 'write PKCS#12 stores beside the file' },
    copyPasswords: { flags: '--copy-passwords', describe: 'write the passwords into files beside the file' },
    ...yesOption,
    ...jsonOption,
  },
  examples: [
    'countersign migrate /opt/wso2is-5.6.0',
    'countersign migrate /opt/wso2is-5.6.0 --out /etc/countersign --convert-stores --copy-passwords',
  ],
  async run(ctx) {
    const { terminal, options, env } = ctx
    const { convertStores, copyPasswords, out, yes } = options
    try {
      const loaded = await loadCarbonHome(ctx.path(ctx.arguments.home), { env })
      const { files, variables } = await migrate(loaded, { convertStores, copyPasswords })
      const { findings } = loaded.carbon
      // All at once and before the first is written: half of a configuration is none.
      const there = [...files.keys()].map(name => join(out, name)).filter(file => existsSync(ctx.path(file)))
      if (there.length > 0 && !(await confirm(ctx, `There already: ${there.join(', ')}. Replace?`, yes))) return exit.no
      for (const [name, content] of files) {
        const file = join(out, name)
        mkdirSync(dirname(ctx.path(file)), { recursive: true, ...(name === configurationFile ? {} : { mode: 0o700 }) })
        const bytes = typeof content === 'string' ? Buffer.from(content) : content
        await writeOutput(ctx, { out: file, bytes, secret: name !== configurationFile, yes: true })
      }
      await openMaterial(loadConfiguration(ctx.path(join(out, configurationFile)), { env: loaded.env }), ctx.clock)
      if (options.json) {
        terminal.json({ ok: true, files: [...files.keys()].map(name => join(out, name)), variables, findings })
        return exit.yes
      }
      for (const finding of findings) terminal.note(plain(findingText(finding)))
      for (const name of files.keys()) terminal.print(join(out, name))
      if (variables.length > 0) terminal.note(`Set before serving: ${variables.join(', ')}`)
      return exit.yes
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      if (options.json) terminal.json({ ok: false, problems: error.problems })
      else terminal.print(error.problems.map(describe).join('\n'))
      return exit.no
    }
  },
})
