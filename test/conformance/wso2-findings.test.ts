// What is made of the real files of seven versions, and what is said about them. `--test-update-snapshots` writes the page anew: read it.
import { join } from 'node:path'
import { test } from 'node:test'
import { configurationSchema, type UnreadConfiguration } from '../../src/config/schema.ts'
import { carbonConfiguration } from '../../src/config/wso2/carbon-configuration.ts'
import type { Finding } from '../../src/config/wso2/finding.ts'
import { carbonHome } from '../support/carbon-home.ts'
import { copyParts, homeParts, type Parts, realHome, withoutSuites } from '../support/wso2-suites.ts'

const page = join(import.meta.dirname, '../config/wso2/real-homes.txt')

test('every real file is read, and every finding is on the page', { skip: withoutSuites }, async t => {
  const sections: string[] = []
  for (const [name, parts] of Object.entries(homeParts)) {
    const { folder } = 'repository/conf/carbon.xml' in parts ? realHome(parts) : overOwnHome(parts)
    const { configuration, findings } = await carbonConfiguration(folder, {})
    // all of it is a configuration that could be served
    configurationSchema.parse(configuration)
    const lines = [...settings(configuration), ...findings.map(line)]
    sections.push([`== ${name}`, ...lines].join('\n').replaceAll(folder, '').replaceAll('/repository', 'repository'))
  }
  t.assert.fileSnapshot(`${sections.join('\n\n')}\n`, page, { serializers: [String] })
})

/** Files that came alone, in a home of our own. */
function overOwnHome(parts: Parts): { folder: string } {
  const folder = carbonHome()
  copyParts(parts, folder)
  return { folder }
}

function settings({ listeners, authenticators, revocation }: UnreadConfiguration): string[] {
  const { 'mutual-tls': mutualTls, basic } = authenticators ?? {}
  return [
    ...listeners.map(({ name, clientAuth, protocols, limits, keyStore, trustStore = [], maxPathDepth }) =>
      [
        `${name}: clientAuth ${clientAuth}`,
        `protocols ${protocols?.join(' ') ?? 'default'}`,
        `header bytes ${limits?.maxHeaderBytes ?? 'default'}`,
        `key ${keyStore?.alias ?? 'any'} of ${keyStore?.file}`,
        ...trustStore.map(({ file, aliases = [] }) => `trust ${aliases.length} of ${file}`),
        ...(maxPathDepth === undefined ? [] : [`path depth ${maxPathDepth}`]),
      ].join(', '),
    ),
    `mutual-tls: ${onOff(mutualTls?.enabled)}, header ${mutualTls?.usernameHeader?.name ?? 'default'}, bindings ${mutualTls?.bindings?.length}, priority ${mutualTls?.priority}`,
    `basic: ${onOff(basic?.enabled)}, priority ${basic?.priority}`,
    ...(revocation === undefined ? [] : [`revocation: ${revocation.mode}, ${revocation.order?.join(' then ')}`]),
  ]
}

function onOff(enabled: boolean | undefined): string {
  return enabled ? 'on' : 'off'
}

/** Without the names of entries and settings, which are the files' own; their number is told. */
function line({ severity, file, line, what, names }: Finding): string {
  const place = `${file.slice(file.lastIndexOf('/') + 1)}${line === undefined ? '' : `:${line}`}`
  return `${severity}: ${place}: ${what}${names === undefined ? '' : ` (${names.length} named)`}`
}
