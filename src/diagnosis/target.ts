import { isIP } from 'node:net'
import { CodedError } from '../errors.ts'

export interface Target {
  readonly host: string
  readonly port: number
  /** the name that the server is asked for and has to be certified for; an address when the host is one */
  readonly name: string
}

/** Reads `HOST:PORT`, `[::1]:9443` or an https URL. Throws ERR_CLI_USAGE. */
export function readTarget(text: string, servername?: string): Target {
  const url = /^https:\/\//iu.test(text) ? URL.parse(text) : URL.parse(`https://${text}`)
  const host = url?.hostname.replace(/^\[|\]$/gu, '') ?? ''
  const port = url?.port === '' ? 443 : Number(url?.port)
  const named = /:\d+\/?$/u.test(text) || /^https:/iu.test(text)
  if (url === null || host === '' || !named || url.username !== '') {
    throw new CodedError('ERR_CLI_USAGE', `${JSON.stringify(text)} is no HOST:PORT`, {
      remedy: 'Write the name or address and the port of the server: example.org:9443, 127.0.0.1:9443, [::1]:9443.',
    })
  }
  return { host, port, name: (servername ?? host).toLowerCase() }
}

/** What to ask for in the handshake (SNI): a name, never an address (RFC 6066 section 3). */
export function serverNameToAskFor({ name }: Target): string | undefined {
  return isIP(name) === 0 ? name : undefined
}

export function targetText({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
