import { diagnose } from '../../diagnosis/diagnose.ts'
import { readTarget } from '../../diagnosis/target.ts'
import { CodedError } from '../../errors.ts'
import { defineCommand, exit, jsonOption } from '../command.ts'
import { givenIdentity } from '../doctor/identity.ts'
import { diagnosisJson } from '../doctor/json.ts'
import { printReport } from '../doctor/report.ts'
import { clientTrust, trustPasswordOptions } from '../doctor/trust.ts'
import { keyPasswordOptions, passwordOptions } from '../password.ts'

export const command = defineCommand({
  name: ['doctor'],
  summary: 'Says why a TLS handshake with a server fails, from what both sides show',
  description: `Connects, shakes hands, asks GET /whoami (which changes nothing), and tries which other protocols and suites the server takes: some thirty
short connections in all. Then it names one cause and what to do about it. Exits with 0 when nothing is wrong, with 1 when a cause was found.
Without --trust the server is judged by the public authorities.`,
  arguments: { target: { name: '<HOST:PORT>', describe: 'the server' } },
  options: {
    cert: { flags: '--cert <FILE>', describe: 'the client certificate, with its intermediates: PEM, DER or PKCS#7' },
    key: { flags: '--key <FILE>', describe: 'its private key, PEM or PKCS#8 DER (default: in the file of --cert)' },
    keystore: { flags: '--keystore <FILE>', describe: 'a key store with both instead: JKS, PKCS#12 or PEM' },
    alias: { flags: '-a, --alias <ALIAS>', describe: 'which key of the key store (default: the only one)' },
    ...passwordOptions,
    ...keyPasswordOptions,
    trust: {
      flags: '-t, --trust <STORE>',
      describe: 'who may vouch for the server: JKS, PKCS#12 or PEM',
      repeat: true,
    },
    ...trustPasswordOptions,
    servername: { flags: '--servername <NAME>', describe: 'the name to ask for and to check (default: HOST)' },
    timeout: { flags: '--timeout <SECONDS>', describe: 'how long each step may take', default: '10' },
    ...jsonOption,
  },
  examples: [
    'countersign doctor localhost:9443 --trust ca.crt --cert alice.crt --key alice.key',
    'countersign doctor id.example.org:443 --keystore alice.p12 --password env:PASSWORD --json',
  ],
  async run(ctx) {
    const { terminal, options, clock } = ctx
    const target = readTarget(ctx.arguments.target, options.servername)
    const timeoutMs = millisecondsOf(options.timeout)
    const given = await givenIdentity(ctx)
    const trust = await clientTrust(ctx, [...(given?.identity.intermediates ?? []), ...(given?.others ?? [])])
    const now = clock.now()
    const diagnosis = await diagnose({ target, identity: given?.identity, trust, at: now, timeoutMs })
    if (options.json) terminal.json(diagnosisJson(diagnosis, { trust: trust.text }))
    else {
      const subject = given && `${given.identity.certificate.subject} (${given.name})`
      printReport(diagnosis, { client: subject, trust: trust.text, now }, terminal)
    }
    return diagnosis.cause === undefined ? exit.yes : exit.no
  },
})

function millisecondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds >= 0.1 && seconds <= 600) return seconds * 1000
  throw new CodedError('ERR_CLI_USAGE', `${text} is no time limit`, { remedy: 'Name seconds, from 0.1 to 600.' })
}
