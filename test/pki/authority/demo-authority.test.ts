import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { openAuthority } from '../../../src/pki/authority/authority.ts'
import { createDemo } from '../../../src/pki/authority/demo-authority.ts'
import { writePem } from '../../../src/pki/x509/pem.ts'
import { scratchFolder } from '../../support/scratch.ts'

const folder = join(scratchFolder(), 'authority')

test('the demo is a real handshake from the first moment on', async () => {
  const { authority, server, client } = await createDemo(folder, { now: Date.now() })
  const ca = writePem('CERTIFICATE', authority.certificate.raw)
  const tls = ({ certificate, privateKey }: typeof client) => ({
    ca,
    cert: writePem('CERTIFICATE', certificate.raw),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  })
  const listener = createServer({ ...tls(server), requestCert: true, rejectUnauthorized: true }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  for (const servername of ['localhost', '']) {
    const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>
    const socket = connect({ ...tls(client), port, host: '127.0.0.1', ...(servername ? { servername } : {}) })
    await once(socket, 'secureConnect')
    const [peer] = await accepted
    assert.deepEqual([socket.authorized, peer.authorized], [true, true])
    assert.equal(peer.getPeerCertificate().subject.CN, 'alice')
    socket.destroy()
    peer.destroy()
  }
  listener.close()
  assert.ok((await openAuthority(folder)).certificate.raw.equals(authority.certificate.raw))
})
