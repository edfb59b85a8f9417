import type { KeyStoreEntry } from '../../pki/keystore/keystore.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { certificateIdentity } from '../certificate-summary.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { expiry } from '../expiry.ts'
import { openToRead } from '../key-store-access.ts'
import { passwordOptions } from '../password.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['keystore', 'list'],
  summary: 'Lists the entries of a key store',
  arguments: {
    file: { name: '<FILE>', describe: 'a JKS, JCEKS, PKCS#12 or PEM file; its type is seen from its content' },
  },
  options: { ...passwordOptions, ...jsonOption },
  examples: [
    'countersign keystore list server.p12',
    'countersign keystore list client-truststore.jks --password env:TRUSTSTORE_PASSWORD --json',
  ],
  async run(ctx) {
    const { terminal, clock } = ctx
    const { store, name } = await openToRead(ctx, ctx.arguments.file, ctx.options)
    if (ctx.options.json) {
      terminal.json({ type: store.type, entries: store.entries.map(asJson) })
      return exit.yes
    }
    if (store.entries.length === 0) terminal.note(`${name} has no entries.`)
    else {
      terminal.table(
        ['ALIAS', 'KIND', 'SUBJECT', 'EXPIRES', 'THUMBPRINT (SHA-256)'],
        store.entries.map(entry => row(entry, certificate => expiry(terminal, certificate.notAfter, clock.now()))),
      )
    }
    return exit.yes
  },
})

function row(entry: KeyStoreEntry, expires: (certificate: Certificate) => string): string[] {
  const [leaf] = certificatesOf(entry)
  return [
    plain(entry.alias),
    entry.kind,
    leaf === undefined ? '-' : plain(String(leaf.subject)) || '(no subject)',
    leaf === undefined ? '-' : expires(leaf),
    leaf?.thumbprint ?? '-',
  ]
}

function certificatesOf(entry: KeyStoreEntry): readonly Certificate[] {
  if (entry.kind === 'trusted-certificate') return [entry.certificate]
  return entry.kind === 'private-key' ? entry.chain : []
}

function asJson(entry: KeyStoreEntry) {
  return {
    alias: entry.alias,
    kind: entry.kind,
    created: entry.created === undefined ? null : new Date(entry.created).toISOString(),
    certificates: certificatesOf(entry).map(certificateIdentity),
  }
}
