import { openMaterial } from '../../config/material.ts'
import { ConfigError, describe } from '../../config/read.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { loadForCommand } from '../serving.ts'

export const command = defineCommand({
  name: ['check-config'],
  summary: 'Checks a configuration and everything that it names, and listens to nothing',
  description:
    'Tells all problems at once, each with its place and what to do about it. Exits with 0 when a server would start, and with 1 when it would not.',
  options: { ...configurationOptions, ...jsonOption },
  examples: ['countersign check-config --config countersign.yaml', 'countersign check-config --json'],
  async run(ctx) {
    const { terminal, clock } = ctx
    try {
      const loaded = loadForCommand(ctx)
      const { warnings } = await openMaterial(loaded, clock)
      if (ctx.options.json) terminal.json({ ok: true, file: loaded.file, problems: [], warnings })
      else {
        terminal.print(`${loaded.file} is fine`)
        for (const warning of warnings) terminal.note(`warning: ${warning}`)
      }
      return exit.yes
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      if (ctx.options.json) terminal.json({ ok: false, problems: error.problems })
      else terminal.print(error.problems.map(describe).join('\n'))
      return exit.no
    }
  },
})
