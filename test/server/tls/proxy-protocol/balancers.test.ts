// TCP balancers that people run, with the files that docs/proxies/ gives them: whom Countersign takes the clients behind them for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import { testAuthority } from '../../../support/certificates.ts'
import { openHome, until } from '../../../support/home.ts'
import { type ProxyName, startProxy } from '../../../support/proxy-program.ts'
import { httpsRequest } from '../../../support/request.ts'

const upstream = createServer((request, response) => response.end(String(request.headers['x-forwarded-for'])))
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => upstream.close())

const people = testAuthority({ name: 'People CA' })
const alice = people.issue({ subject: 'CN=alice' })
const home = await openHome({
  anchors: { people },
  // Both balancers connect from there, and so do clients that come by themselves: those have an address of their own here.
  listener: { proxyProtocol: { from: ['127.0.0.1'] } },
  configuration: {
    authenticators: {
      'mutual-tls': { bindings: [{ thumbprint: alice.thumbprint, users: ['alice'] }] },
      basic: { enabled: true },
    },
    routes: [{ path: '/orders/*', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` }],
    users: { file: 'data/users.db', passwords: { failuresPerAddress: 2 } },
    audit: { file: 'data/audit.jsonl' },
  },
})
await home.users.add({ tenant: 'default', name: 'alice', password: 'right password' })

const ask = async (port: number, localAddress: string, path = '/whoami', more: object = {}) => {
  const { status, body } = await httpsRequest(`https://localhost:${port}${path}`, {
    ca: home.serverAuthority.pem,
    localAddress,
    family: 4,
    ...more,
  })
  return { status, body, who: path === '/whoami' ? (JSON.parse(body).user ?? JSON.parse(body).code) : body }
}
const certificate = { cert: alice.chainPem, key: alice.keyPem }
const password = (name: string, text: string) => ({ headers: { authorization: `Basic ${btoa(`${name}:${text}`)}` } })

const balancers: readonly { program: ProxyName; config: string; bind: string; version: number }[] = [
  { program: 'haproxy', config: 'docs/proxies/haproxy-tcp.cfg', bind: 'bind :443', version: 2 },
  { program: 'nginx', config: 'docs/proxies/nginx-tcp.conf', bind: 'listen 443', version: 1 },
]

for (const [i, { program, config, bind, version }] of balancers.entries()) {
  suite(`${program}, version ${version}`, async () => {
    const proxy = await startProxy({
      program,
      config,
      values: port => ({
        [bind]: bind.replace(/:?443/, `127.0.0.1:${port}`),
        '127.0.0.1:9443': `127.0.0.1:${home.port}`,
      }),
    })
    const [here, there] = [`127.0.${i + 1}.7`, `127.0.${i + 1}.8`]

    test('mutual TLS goes through it from end to end, and the record has the address of the client', async () => {
      const { status, who } = await ask(proxy.port, here, '/whoami', certificate)
      assert.deepEqual([status, who], [200, 'alice'])
      await until(() => home.audit().some(({ remoteAddress }) => remoteAddress === here), 'it is recorded')
    })

    test('the resource gets the address of the client', async () => {
      assert.equal((await ask(proxy.port, here, '/orders/1', certificate)).body, here)
    })

    test('who guesses passwords is held back, and nobody else behind the same balancer', async () => {
      for (const name of ['one', 'two']) await ask(proxy.port, here, '/whoami', password(name, 'a guess'))
      assert.equal((await ask(proxy.port, here, '/whoami', password('three', 'a guess'))).who, 'attempts_throttled')
      assert.equal((await ask(proxy.port, there, '/whoami', password('alice', 'right password'))).who, 'alice')
    })
  })
}

suite('beside the balancers', () => {
  test('a client from elsewhere comes by itself, and one from there does not', async () => {
    assert.equal((await ask(home.port, '127.0.0.9', '/whoami', certificate)).who, 'alice')
    await assert.rejects(ask(home.port, '127.0.0.1', '/whoami', certificate))
  })
})
