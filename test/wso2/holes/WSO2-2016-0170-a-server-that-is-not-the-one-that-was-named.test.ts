// The original spoke to whichever server had any trusted certificate: its client looked at no name (WSO2-2016-0170), nor did it for WebSocket
// back ends (WSO2-2023-3081).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { base64, carbonServer } from '../../support/carbon-server.ts'
import { type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'

const authority = testAuthority({ name: 'CN=Upstreams' })
let asked = 0

/** An upstream that answers everything, WebSocket too. */
async function upstream(identity: Issued): Promise<string> {
  const server = createServer({ cert: identity.chainPem, key: identity.keyPem }, (_request, response) => {
    asked += 1
    response.end('what the resource holds')
  })
  server.on('upgrade', (_request, socket) => {
    asked += 1
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close().closeAllConnections())
  return `https://localhost:${(server.address() as AddressInfo).port}`
}

const upstreams: Record<string, Issued> = {
  right: authority.issueServer(),
  'another-name': authority.issueServer({ subject: 'CN=other.example', san: [{ dns: 'other.example' }] }),
  'the-name-as-cn-alone': authority.issueServer({ subject: 'CN=localhost', san: [{ dns: 'other.example' }] }),
  'the-name-and-more': authority.issueServer({ san: [{ dns: 'localhost.other.example' }] }),
  'a-wildcard-for-all': authority.issueServer({ san: [{ dns: '*' }] }),
  'another-authority': testAuthority({ name: 'CN=Upstreams' }).issueServer(),
}
const certificate = selfSigned({ subject: 'CN=client' })
const server = await carbonServer({
  trusted: { client: certificate.certificate },
  files: { 'upstreams.pem': authority.pem },
  own: {
    routes: await Promise.all(
      Object.entries(upstreams).map(async ([name, identity]) => ({
        path: `/${name}`,
        upstream: await upstream(identity),
        websocket: 'allow',
        trustStore: [{ file: 'upstreams.pem' }],
      })),
    ),
  },
})
after(() => server[Symbol.asyncDispose]())

const kinds: Record<string, Record<string, string>> = {
  'WSO2-2016-0170: by HTTPS': {},
  'WSO2-2023-3081: by WebSocket': {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  },
}

for (const [kind, more] of Object.entries(kinds)) {
  for (const name of Object.keys(upstreams)) {
    test(`${kind}, ${name}`, async () => {
      const before = asked
      const told = await server.ask({ path: `/${name}`, certificate, headers: { UserName: base64('alice'), ...more } })
      if (name === 'right') {
        assert.equal(told.status, 'Upgrade' in more ? 101 : 200)
        assert.equal(asked, before + 1)
      } else {
        assert.deepEqual([told.status, asked], [502, before], told.body)
        assert.ok(!told.body.includes('what the resource holds'))
      }
    })
  }
}
