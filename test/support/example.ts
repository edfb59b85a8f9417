// What examples/ gives to its readers, with the values of a test in it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { type Material, openMaterial } from '../../src/config/material.ts'
import { testAuthority } from './certificates.ts'

export const projectRoot = join(import.meta.dirname, '../..')

export function readExample(path: string): string {
  return readFileSync(join(projectRoot, 'examples', path), 'utf8')
}

/** Each key has to be in the text. */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  let replaced = text
  for (const [key, value] of Object.entries(values)) {
    if (!replaced.includes(key)) throw new Error(`the example does not hold ${JSON.stringify(key)}`)
    replaced = replaced.replaceAll(key, value)
  }
  return replaced
}

/** Certificates for an example: the server's, and the authority of its clients. */
export function exampleCertificates() {
  const clients = testAuthority({ name: 'Client CA' })
  const authority = testAuthority({ name: 'Server CA' })
  return { clients, authority, server: authority.issueServer() }
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content, { mode: 0o600 })
  }
}

/** What `countersign check-config` looks at. Throws ConfigError. */
export function checkConfiguration(file: string): Promise<Material> {
  return openMaterial(loadConfiguration(file, { env: {} }), systemClock)
}
