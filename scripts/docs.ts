// `npm run docs` writes the documents that are made from the source; test/docs holds them to it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderReference } from '../src/cli/reference.ts'
import { configurationJsonSchema, renderConfigurationReference } from '../src/config/reference.ts'
import { configurationSchema } from '../src/config/schema.ts'
import { renderCauses } from '../src/diagnosis/causes-document.ts'
import { renderRefusals } from '../src/endpoints/problems/refusals-document.ts'
import { renderSoapDocument } from '../src/endpoints/soap/document.ts'
import { withDecision } from '../test/config/wso2/decision/table.ts'

/** By path below docs/. */
export async function generatedDocuments(): Promise<Record<string, string>> {
  return {
    'cli.md': await renderReference(),
    'configuration.md': renderConfigurationReference(configurationSchema),
    'countersign.schema.json': `${JSON.stringify(configurationJsonSchema(configurationSchema), null, 2)}\n`,
    'doctor.md': renderCauses(),
    'refusals.md': renderRefusals(),
    'soap.md': renderSoapDocument(readDocument('soap.md')),
    'wso2.md': withDecision(readDocument('wso2.md')),
  }
}

function readDocument(name: string): string {
  return readFileSync(join(import.meta.dirname, '../docs', name), 'utf8')
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await generatedDocuments())) {
    writeFileSync(join(import.meta.dirname, '../docs', name), text)
    console.log(`docs/${name}`)
  }
}
