import { openMaterial } from '../../config/material.ts'
import { ConfigError, describe } from '../../config/read.ts'
import { findingText } from '../../config/wso2/finding.ts'
import type { LoadedCarbonHome } from '../../config/wso2/load-carbon-home.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { configurationOptions } from '../configuration.ts'
import { loadForCommand } from '../serving.ts'

export const command = defineCommand({
  name: ['check-config'],
  summary: 'Checks a configuration and everything that it names, and listens to nothing',
  description:
    'Tells all problems at once, each with its place and what to do about it. Exits with 0 when a server would start, and with 1 when it would not.',
  options: { ...configurationOptions, ...jsonOption },
  examples: [
    'countersign check-config --config countersign.yaml',
    'countersign check-config --carbon-home /opt/wso2is-5.6.0',
    'countersign check-config --json',
  ],
  async run(ctx) {
    const { terminal, clock } = ctx
    try {
      const loaded = await loadForCommand(ctx)
      const { warnings } = await openMaterial(loaded, clock)
      const findings = 'carbon' in loaded ? (loaded as LoadedCarbonHome).carbon.findings : undefined
      if (ctx.options.json) {
        terminal.json({ ok: true, file: loaded.file, problems: [], warnings, ...(findings && { findings }) })
      } else {
        terminal.print(`${loaded.file} is fine`)
        for (const finding of findings ?? []) terminal.note(findingText(finding))
        for (const warning of warnings.filter(each => !loaded.warnings.includes(each)))
          terminal.note(`warning: ${warning}`)
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
