// The real HAProxy with the file of the example, in front of servers of which one goes away.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import type { RunningServer } from '../../src/start/start.ts'
import { exampleCertificates, writeFiles } from '../support/example.ts'
import { freePort } from '../support/free-port.ts'
import { asker } from '../support/library.ts'
import { startProxy } from '../support/proxy-program.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'

suite('examples/haproxy', async () => {
  const { clients, authority, server } = exampleCertificates()
  const alice = clients.issue({ subject: 'CN=alice' })
  const replica = async (): Promise<RunningServer> => {
    const folder = scratchFolder()
    writeFiles(folder, { 'server.pem': server.pem + server.keyPem, 'clients.pem': clients.pem })
    const started = await serveFrom(
      folder,
      JSON.stringify({
        listeners: [
          {
            address: '127.0.0.1',
            port: 0,
            keyStore: { file: 'server.pem' },
            trustStore: [{ file: 'clients.pem' }],
            proxyProtocol: { from: ['127.0.0.1'] },
          },
        ],
        management: { port: 0 },
        users: { file: join(folder, 'users.db') },
        audit: { enabled: false },
      }),
    )
    after(() => started.stop('the test is over'))
    return started
  }
  const replicas = [await replica(), await replica()]
  const gone = await freePort()

  test('clients come through to whichever replica is ready', async () => {
    const haproxy = await startProxy({
      program: 'haproxy',
      config: 'examples/haproxy/haproxy.cfg',
      values: port => ({
        'bind :443': `bind 127.0.0.1:${port}`,
        ...Object.fromEntries(
          [11, 12].map((n, i) => [
            `10.0.0.${n}:9443 check port 9990`,
            `127.0.0.1:${replicas[i]!.listeners[0]!.port} check port ${replicas[i]!.management!.port}`,
          ]),
        ),
        '10.0.0.13:9443 check port 9990': `127.0.0.1:${gone} check port ${gone}`,
      }),
    })
    const who = () => asker(haproxy.port, authority, alice).who({ path: '/whoami' })
    // Trusted, and bound to nobody: an answer of Countersign, whichever of them gave it.
    for (let i = 0; i < 4; i++) assert.equal(await who(), 'certificate_not_bound')
    await replicas[0]!.stop('it goes away')
    for (let i = 0; i < 4; i++) assert.equal(await who(), 'certificate_not_bound')
    assert.doesNotMatch(haproxy.said(), /\[(?:ALERT|WARNING)\]/)
  })
})
