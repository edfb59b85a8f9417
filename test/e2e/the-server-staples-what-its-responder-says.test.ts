// OCSP stapling: the answer about the server's own certificate is there in the handshake, and is never waited for.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { indexCrls } from '../../src/pki/path/crl-set.ts'
import { judgeResponse } from '../../src/pki/revocation/ocsp/judge-response.ts'
import { parseOcspResponse } from '../../src/pki/revocation/ocsp/response.ts'
import { authorityInfoAccess } from '../../src/pki/x509/build-extensions.ts'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { ocspResponse } from '../support/ocsp.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'
import { web } from '../support/web.ts'

const site = await web()
const root = testAuthority({ name: 'Server CA' })
const issuing = root.intermediate({ name: 'Issuing CA' })
const named = (path: string) => ({ extensions: [authorityInfoAccess({ ocsp: [`${site.url}${path}`] })] })
const good = issuing.issueServer(named('/good'))
const silent = issuing.issueServer(named('/silent'))
const hour = 3_600_000
const answer = (certificate: Issued) =>
  ocspResponse(certificate, issuing, { thisUpdate: Date.now() - hour, nextUpdate: Date.now() + hour })
site.pages.set('/good/*', (_, __, response) => response.end(answer(good)))
site.pages.set('/silent/*', () => {})

async function serve(identity: Issued, stapling: string): Promise<number> {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'server.pem'), `${identity.keyPem}${identity.chainPem}`)
  const keyStore = { file: 'server.pem' }
  const listener = { address: '127.0.0.1', port: 0, clientAuth: 'none', keyStore, stapling }
  const others = { management: { enabled: false }, audit: { enabled: false }, users: { file: 'users.db' } }
  const server = await serveFrom(folder, JSON.stringify({ listeners: [listener], ...others }))
  after(() => server.stop('the test is over'))
  return server.listeners[0]!.port
}

/** The response in the handshake; undefined when there is none. */
function handshake(port: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    let response: Buffer | undefined
    const socket = connect(
      { port, host: '127.0.0.1', servername: 'localhost', ca: root.pem, requestOCSP: true },
      () => {
        socket.destroy()
        resolve(response)
      },
    )
    socket.on('OCSPResponse', octets => {
      response = octets?.length > 0 ? octets : undefined
    })
    socket.on('error', reject)
  })
}

test('the answer of the responder comes along', async () => {
  const port = await serve(good, 'when-named')
  let response: Buffer | undefined
  for (const end = Date.now() + 5000; response === undefined && Date.now() < end; ) response = await handshake(port)
  const question = {
    certificate: good.certificate,
    issuer: issuing.certificate,
    at: Date.now(),
    nonce: undefined,
    crls: indexCrls([]),
  }
  const status = judgeResponse(parseOcspResponse(response!), question)
  assert.equal(typeof status === 'object' && status.status, 'good')
  assert.equal(site.asked.filter(line => line.startsWith('GET /good')).length, 1)
})

test('a responder that does not answer holds up no handshake', async () => {
  const port = await serve(silent, 'when-named')
  assert.equal(await handshake(port), undefined)
})

test('nobody is asked where stapling is off', async () => {
  site.asked.length = 0
  assert.equal(await handshake(await serve(good, 'never')), undefined)
  assert.deepEqual(site.asked, [])
})
