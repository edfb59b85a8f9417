import { readFile } from 'node:fs/promises'
import { type CertificateSummary, certificateSummary } from '../certificate-summary.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { expiry } from '../expiry.ts'
import { readCertificates } from '../read-certificates.ts'
import { plain } from '../terminal.ts'

export const command = defineCommand({
  name: ['cert', 'show'],
  summary: 'Shows what the certificates of a file say',
  description:
    'Nothing is verified here: countersign cert verify does that. For key stores there is countersign keystore list.',
  arguments: { file: { name: '<FILE>', describe: 'a file with certificates: PEM, DER or PKCS#7' } },
  options: { ...jsonOption },
  examples: ['countersign cert show alice.crt', 'countersign cert show chain.pem --json'],
  async run({ arguments: { file }, options, terminal, clock, path }) {
    const certificates = readCertificates(await readFile(path(file)), file)
    if (options.json) terminal.json(certificates.map(certificateSummary))
    else {
      for (const [i, certificate] of certificates.entries()) {
        if (i > 0) terminal.print('')
        const expires = expiry(terminal, certificate.notAfter, clock.now())
        for (const [label, value] of rows(certificateSummary(certificate), expires)) {
          if (value !== '') terminal.print(`${terminal.style('dim', label.padEnd(13))}${value}`)
        }
      }
    }
    return exit.yes
  },
})

function rows(summary: CertificateSummary, expires: string): [string, string][] {
  const { authority, pathLength, extensions } = summary
  const limit = pathLength === null ? '' : `, with at most ${pathLength} authorities below it`
  return [
    ['subject', plain(summary.subject) || '(empty)'],
    ['alt names', summary.subjectAltNames.map(plain).join(', ')],
    ['issuer', plain(summary.issuer)],
    ['serial', summary.serialNumber],
    ['valid', `${summary.notBefore} to ${summary.notAfter} (${expires})`],
    ['key', summary.key ?? '(cannot be read)'],
    ['signature', summary.signatureAlgorithm],
    ['authority', authority ? `yes${limit}` : 'no'],
    ['key usage', summary.keyUsage.join(', ')],
    ['purposes', summary.extendedKeyUsage.join(', ')],
    [
      'extensions',
      extensions.map(({ oid, name, critical }) => `${name ?? oid}${critical ? ' (critical)' : ''}`).join(', '),
    ],
    ['thumbprint', summary.thumbprint],
    ['broken', summary.broken.map(plain).join('; ')],
  ]
}
