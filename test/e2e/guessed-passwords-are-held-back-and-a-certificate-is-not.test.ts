import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'

const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})

const ca = testAuthority()
const certificate = ca.issue({ subject: 'CN=alice' })
const server = await identityServer({
  anchors: { ca },
  bindings: [{ thumbprint: certificate.thumbprint, users: ['alice'] }],
  basic: { enabled: true },
})
const challenge = 'Basic realm="Countersign", charset="UTF-8"'

test('of eight guesses at once five are looked at, the others get 429 with Retry-After, whoever they were for', async () => {
  await server.users.add({ tenant: 'default', name: 'alice', password: 'right password' })
  const clients = Array.from({ length: 8 }, () => server.client())
  for (const client of clients) {
    const { status, challenges } = await client.get()
    assert.deepEqual([status, challenges], [401, challenge])
  }
  const told: unknown[] = []
  for (const name of ['no such user', 'alice']) {
    const answers = await Promise.all(clients.map((client, i) => client.get(basic(name, `guess ${i}`))))
    const facts = answers.map(({ status, body, challenges, retryAfter }) => {
      // How much of the second is left is the clock's affair; that both say the same is not.
      const seconds = retryAfter?.replace(/^[12]$/, 'some')
      const detail = retryAfter ? body.detail?.replace(`in ${retryAfter} s`, 'in some s') : body.detail
      return { status, code: body.code, detail, challenges, retryAfter: seconds }
    })
    told.push(facts.toSorted((one, other) => one.status - other.status))
  }
  assert.deepEqual(told[0], told[1])
  const wrong = { status: 401, code: 'credentials_invalid', detail: 'The user name or the password is wrong.' }
  const held = { status: 429, code: 'attempts_throttled', detail: 'Try again in some s.' }
  assert.deepEqual(told[0], [
    ...Array(5).fill({ ...wrong, challenges: challenge, retryAfter: undefined }),
    ...Array(3).fill({ ...held, challenges: undefined, retryAfter: 'some' }),
  ])
})

test('meanwhile the certificate of that user lets in, and after a moment the password does', async () => {
  assert.equal(await server.client(certificate).whoami(), 'alice')
  await sleep(1100)
  assert.equal(await server.client().whoami(basic('alice', 'right password')), 'alice')
})
