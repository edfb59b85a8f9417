// The page about WSO2's products names exactly the settings that the code knows.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allowPublishedKeys, authenticatorParameters } from '../../src/config/wso2/carbon-configuration.ts'
import { homeFiles } from '../../src/config/wso2/carbon-home.ts'
import { carried, weighty } from '../../src/config/wso2/catalina-server.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/wso2.md'), 'utf8')
const row = (start: string) => page.split('\n').find(line => line.startsWith(`| ${start} |`)) ?? ''
const names = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name)

test('docs/wso2.md has every attribute of a connector that is carried, and those that are told one by one', () => {
  const rows = ['carried', 'carried: stores', 'decides what is read'].flatMap(start => names(row(start)))
  assert.deepEqual(rows.toSorted(), [...carried].toSorted())
  assert.deepEqual(
    names(row('named one by one, since it would change who gets in')).toSorted(),
    [...weighty.keys()].toSorted(),
  )
})

test('docs/wso2.md has every parameter of the authenticator, every file, and the option that weakens', () => {
  const line = page.split('\n').find(each => each.startsWith('The MutualSSLAuthenticator is carried')) ?? ''
  for (const name of authenticatorParameters) assert.ok(names(line).includes(name), name)
  for (const file of Object.values(homeFiles)) assert.ok(page.includes(file.slice(file.lastIndexOf('/') + 1)), file)
  assert.ok(page.includes(allowPublishedKeys))
})
