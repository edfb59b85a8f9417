// The same requests asked of two servers: what they decide, and why, has to be the same.
import assert from 'node:assert/strict'
import type { Issued } from './certificates.ts'
import { httpsRequest } from './request.ts'

export type Certificates = Readonly<Record<string, Pick<Issued, 'chainPem' | 'keyPem'> | undefined>>

export interface Decided {
  /** of the request: `pinned, header alice, password right` */
  readonly name: string
  /** the user, the code of the refusal, or that there was no connection */
  readonly who: string
  /** everything that was answered, but what names the request itself */
  readonly answer: unknown
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

const headers: Readonly<Record<string, string | undefined>> = {
  none: undefined,
  alice: base64('alice'),
  'a stranger': base64('nobody'),
  'not base64': 'alice',
}
const passwords: Readonly<Record<string, string | undefined>> = {
  none: undefined,
  right: `Basic ${base64('alice:correct horse')}`,
}

/** Asks with every certificate, header and password; with a wrong password where there is no certificate, and with `pinned`. */
export async function decisions(port: number, certificates: Certificates, headerName: string): Promise<Decided[]> {
  const decided: Decided[] = []
  for (const [certificate, identity] of Object.entries(certificates)) {
    for (const [header, value] of Object.entries(headers)) {
      for (const [password, authorization] of Object.entries(passwords)) {
        const name = `${certificate}, header ${header}, password ${password}`
        decided.push({ name, ...(await ask(port, identity, { [headerName]: value, authorization })) })
      }
    }
    // a wrong password costs as much time as it must
    if (identity !== undefined && identity !== certificates.pinned) continue
    const wrong = { [headerName]: base64('alice'), authorization: `Basic ${base64('alice:wrong')}` }
    decided.push({ name: `${certificate}, password wrong`, ...(await ask(port, identity, wrong)) })
  }
  return decided
}

/** Throws for the first request that is decided in another way; answers what was decided, by whom it came out to be. */
export function assertSame(one: readonly Decided[], other: readonly Decided[]): Record<string, string> {
  assert.ok(one.length > 0)
  assert.equal(one.length, other.length)
  for (const [i, { name, answer }] of one.entries()) assert.deepEqual(other[i]?.answer, answer, name)
  return Object.fromEntries(one.map(({ name, who }) => [name, who]))
}

async function ask(
  port: number,
  identity: Pick<Issued, 'chainPem' | 'keyPem'> | undefined,
  fields: Readonly<Record<string, string | undefined>>,
): Promise<Omit<Decided, 'name'>> {
  try {
    const { status, body } = await httpsRequest(`https://127.0.0.1:${port}/whoami`, {
      // both servers show the same certificate, which may be the product's: it is not what the comparison is about
      rejectUnauthorized: false,
      ...(identity && { cert: identity.chainPem, key: identity.keyPem }),
      headers: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
    })
    const { requestId: _, ...answer } = JSON.parse(body)
    return { who: answer.user ?? answer.code, answer: { status, ...answer } }
  } catch (error) {
    const { code } = error as { code?: string }
    // ends either with the alert or, when the request was faster, with a reset
    assert.match(code ?? String(error), /^ERR_SSL_|^ECONNRESET$|^EPIPE$/)
    return { who: 'no connection', answer: 'no connection' }
  }
}
