import { resolve } from 'node:path'
import { z } from 'zod'
import { earlierFiles } from '../telemetry/audit/earlier-files.ts'
import { auditOptions } from '../telemetry/audit/options.ts'
import type { Context } from './command.ts'
import { configurationOptions, locateConfiguration } from './configuration.ts'
import { readSections } from './configuration-sections.ts'

export const auditFileArguments = {
  files: { name: '[FILE...]', describe: 'audit files, oldest first (default: the one of the configuration)' },
} as const

export const auditFileOptions = configurationOptions

const sections = z.looseObject({ audit: auditOptions.prefault({}) })

type Input = Pick<Context, 'path' | 'env'> & {
  arguments: { files: readonly string[] | undefined }
  options: { config: string | undefined; carbonHome: string | undefined }
}

/** Absolute paths of the files that a command is about, oldest first: with that of the configuration, those that were put aside before it. */
export async function auditFiles(ctx: Input): Promise<string[]> {
  const { files = [] } = ctx.arguments
  if (files.length > 0) return files.map(file => ctx.path(file))
  const place = locateConfiguration(ctx)
  const { value, folder } = readSections(place, ctx.env, sections, ({ audit }) => [audit.file])
  const file = resolve(folder, value.audit.file)
  return [...(await earlierFiles(file).catch(() => [])), file]
}
