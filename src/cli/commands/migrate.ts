import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError, describe } from '../../config/read.ts'
import { findingText } from '../../config/wso2/finding.ts'
import { loadCarbonHome } from '../../config/wso2/load-carbon-home.ts'
import { configurationFile, migrate } from '../../config/wso2/migrate.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { yesOption } from '../confirm.ts'
import { plain } from '../terminal.ts'
import { writeOutput } from '../write-output.ts'

export const command = defineCommand({
  name: ['migrate'],
  summary: 'Writes a countersign.yaml that decides like a WSO2 Carbon home',
  description: `Names each setting that it tightened or could not carry, on standard error and as comments in the file. Passwords are not copied: the
file names environment variables, which are listed at the end, unless --copy-passwords writes each into a file of its own (mode 0600). The key
stores stay where they are, unless --convert-stores writes PKCS#12 stores that hold only the key of the server and the certificates that count.`,
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
      for (const [name, content] of files) {
        const file = join(out, name)
        mkdirSync(dirname(ctx.path(file)), { recursive: true, ...(name === configurationFile ? {} : { mode: 0o700 }) })
        const bytes = typeof content === 'string' ? Buffer.from(content) : content
        if (!(await writeOutput(ctx, { out: file, bytes, secret: name !== configurationFile, yes }))) return exit.no
      }
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
