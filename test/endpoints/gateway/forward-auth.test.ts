// Forward-auth against a whole server: proxies ask at /auth/check, and so do those who should not.
import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { suite, test } from 'node:test'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { testAuthority } from '../../support/certificates.ts'
import { type Answer, identityServer } from '../../support/identity-server.ts'
import { signMessage } from '../../support/message-signature.ts'

const people = testAuthority({ name: 'People CA' })
const machines = testAuthority({ name: 'Machines CA' })
const alice = people.issue({ subject: 'CN=alice' })
const carol = people.issue({ subject: 'CN=carol' })
const brief = people.issue({ subject: 'CN=alice', notAfter: Date.now() + 1_500 })
const stranger = testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=alice' })
const edge = machines.issue({ subject: 'CN=edge' })
const secret = 'a secret of the proxy and of the server'

const proxy = (forwardAuth: object | undefined, more: object = {}) => ({
  name: 'edge',
  proof: { thumbprints: [edge.thumbprint] },
  clientCertificate: { form: 'nginx' },
  addressHeader: 'X-Forwarded-For',
  ...(forwardAuth && { forwardAuth }),
  ...more,
})
const server = await identityServer({
  anchors: { people, machines },
  bindings: [
    { thumbprint: alice.thumbprint, users: ['alice', 'ops'] },
    { thumbprint: brief.thumbprint, users: ['alice'] },
    { thumbprint: carol.thumbprint, users: ['carol'] },
    // Somebody's certificate is at the same time that of the proxy. It must open nothing to those behind it.
    { thumbprint: edge.thumbprint, users: ['edge'] },
  ],
  basic: { enabled: true },
  audit: 'kept',
  proxies: [proxy({ form: 'nginx' })],
  routes: [
    { path: '/orders/*', require: ['mutual-tls'], allow: { roles: ['buyer'] }, audience: 'https://orders.example' },
    { path: '/everyone', upstream: 'http://127.0.0.1:1', websocket: 'allow' },
    { path: '/quiet', assertion: 'omit', clientCertificate: 'omit' },
    { path: '/sockets', assertion: 'omit' },
  ],
})
await server.users.add({ tenant: 'default', name: 'alice', password: 'alice-password-1', roles: ['buyer'] })
for (const name of ['ops', 'carol', 'edge']) {
  await server.users.add({ tenant: 'default', name, password: `${name}-password-1` })
}
const nginx = server.client(edge)
const certificate = (client: typeof alice) => ({ 'X-SSL-Client-Cert': encodeURIComponent(client.pem) })
const basic = (name: string, password = `${name}-password-1`) => ({
  authorization: `Basic ${btoa(`${name}:${password}`)}`,
})
const original = (uri: string, method = 'GET') => ({
  'X-Original-Method': method,
  'X-Original-URI': uri,
  'X-Original-Host': 'shop.example',
})

/** another proxy, which may ask */
const second = { name: 'second', proof: { thumbprints: [carol.thumbprint] } }

interface Question {
  readonly from?: ReturnType<typeof server.client>
  readonly path?: string
  readonly method?: string
  readonly fields?: Record<string, string | string[]>
  readonly address?: string | null
}

function check(uri: string, { from = nginx, path = '/auth/check', method, fields, address }: Question = {}) {
  const told = { ...original(uri, method), ...(address !== null && { 'X-Forwarded-For': address ?? '192.0.2.7' }) }
  return from.get({ ...told, ...fields }, { path })
}

const outcome = ({ status, headers }: Answer) =>
  [status, status === 200 ? headers['x-forwarded-user'] : headers['countersign-problem-code']].join(' ')

suite('a certificate of the proxy lets nobody in', () => {
  test('a request without a forwarded certificate is one without a certificate', async () => {
    assert.equal(outcome(await check('/everyone')), '401 certificate_required')
    assert.equal(outcome(await check('/everyone', { fields: { 'X-SSL-Client-Cert': '' } })), '401 certificate_required')
    assert.equal(outcome(await check('/orders/7')), '401 certificate_required')
  })

  test('nor does it when its entry is gone: then it is somebody, who may not ask', async () => {
    await server.become({ proxies: [proxy({ form: 'nginx' }, { proof: { thumbprints: [alice.thumbprint] } })] })
    assert.equal(await nginx.whoami(), 'edge')
    for (const uri of ['/everyone', '/quiet']) {
      const { status, body, headers } = await check(uri, { fields: certificate(carol) })
      assert.deepEqual([status, body.code], [403, 'proxy_not_proven'])
      assert.ok(!JSON.stringify([body, headers]).includes('"edge"'), 'no user is named')
      assert.equal(headers['x-forwarded-user'], undefined)
    }
    await server.become({ proxies: [proxy({ form: 'nginx' })] })
  })

  test('a proxy that may not ask is told so, a client too, whatever they say', async () => {
    await server.become({ proxies: [proxy(undefined), proxy({ form: 'nginx' }, second)] })
    const told = await check('/everyone', { fields: certificate(alice) })
    assert.deepEqual([told.status, told.body.code], [403, 'proxy_not_proven'])
    assert.match(told.body.detail ?? '', /edge.*forwardAuth/)
    await server.become({ proxies: [proxy({ form: 'nginx' })] })
    for (const from of [server.client(alice), server.client(), server.client(stranger)]) {
      for (const fields of [certificate(alice), basic('alice')]) {
        for (const path of ['/auth/check', '/auth/check/everyone']) {
          const { status, body } = await check('/everyone', { from, path, fields })
          assert.deepEqual([status, body.code, body.user], [403, 'proxy_not_proven', undefined])
        }
      }
    }
  })
})

suite('the decision of the route', () => {
  for (const [what, uri, question, expected] of [
    ['the certificate', '/orders/7?x=1', { fields: certificate(alice) }, '200 alice'],
    ['a user of the binding', '/everyone', { fields: { ...certificate(alice), UserName: btoa('ops') } }, '200 ops'],
    [
      'no such user',
      '/everyone',
      { fields: { ...certificate(alice), UserName: btoa('carol') } },
      '401 certificate_not_bound',
    ],
    ['no such role', '/orders/7', { fields: certificate(carol) }, '403 forbidden'],
    ['every role', '/everyone', { fields: certificate(carol) }, '200 carol'],
    ['a password', '/everyone', { fields: basic('carol') }, '200 carol'],
    ['a wrong password', '/everyone', { fields: basic('carol', 'x') }, '401 credentials_invalid'],
    ['a password where it does not count', '/orders/7', { fields: basic('alice') }, '401 certificate_required'],
    ['a stranger', '/everyone', { fields: certificate(stranger) }, '401 issuer_unknown'],
    ['no route', '/nowhere', { fields: certificate(alice) }, '403 not_found'],
    ['a path in doubt', '/orders/..%2f..%2feveryone', { fields: certificate(alice) }, '403 bad_request'],
    ['a dot segment', '/everyone/../orders/7', { fields: certificate(alice) }, '403 bad_request'],
    ['no path', 'https://shop.example/everyone', { fields: certificate(alice) }, '403 bad_request'],
    ['TRACE', '/everyone', { method: 'TRACE', fields: certificate(alice) }, '403 method_not_allowed'],
    ['no method', '/everyone', { method: 'get', fields: certificate(alice) }, '403 bad_request'],
    [
      'a page of another site',
      '/everyone',
      { method: 'POST', fields: { ...certificate(alice), Origin: 'https://evil.example' } },
      '403 forbidden',
    ],
    [
      'a page of the server that answers here',
      '/everyone',
      { method: 'POST', fields: { ...certificate(alice), Origin: server.url } },
      '403 forbidden',
    ],
    [
      'our own page',
      '/everyone',
      { method: 'POST', fields: { ...certificate(alice), Origin: 'https://shop.example' } },
      '200 alice',
    ],
    ['a WebSocket', '/everyone', { fields: { ...certificate(alice), 'Sec-WebSocket-Version': '13' } }, '200 alice'],
    [
      'a WebSocket where there is none',
      '/sockets',
      { fields: { ...certificate(alice), 'Sec-WebSocket-Version': '13' } },
      '403 not_implemented',
    ],
    [
      'a WebSocket of another site',
      '/everyone',
      { fields: { ...certificate(alice), 'Sec-WebSocket-Version': '13', Origin: 'https://evil.example' } },
      '403 forbidden',
    ],
  ] as const satisfies readonly (readonly [string, string, Question, string])[]) {
    test(what, async () => assert.equal(outcome(await check(uri, question)), expected))
  }

  test('a route without an upstream is no address of the gateway', async () => {
    const { status, body } = await server.client(alice).get({}, { path: '/orders/7' })
    assert.deepEqual([status, body.code], [404, 'not_found'])
  })

  test('nor may there be one where no proxy asks', async () => {
    await server.refuseToBecome({ proxies: [] })
    await server.refuseToBecome({ proxies: [proxy(undefined)] })
  })
})

suite('what the answer holds', () => {
  test('yes: the headers of the gateway, with an assertion for the audience of the route', async () => {
    const { headers, body } = await check('/orders/7', { fields: certificate(alice) })
    assert.deepEqual(body, {})
    assert.equal(headers['x-forwarded-tenant'], 'default')
    assert.equal(headers['x-forwarded-roles'], 'buyer')
    assert.equal(headers['client-cert'], `:${alice.der.toString('base64')}:`)
    assert.equal(headers['cache-control'], 'no-store')
    const { body: jwks } = await server.client().get({}, { path: '/.well-known/jwks.json' })
    const keys = createRemoteJWKSet(new URL(server.url), { [customFetch]: async () => Response.json(jwks) })
    const { payload } = await jwtVerify(String(headers['countersign-assertion']), keys, {
      audience: 'https://orders.example',
    })
    assert.equal(payload.sub, 'alice')
    const { headers: upstream } = await check('/everyone', { fields: basic('alice') })
    assert.equal(upstream['client-cert'], undefined, 'a password proves no certificate')
    assert.ok(upstream['countersign-assertion'])
    const { headers: quiet } = await check('/quiet', { fields: certificate(alice) })
    assert.deepEqual([quiet['client-cert'], quiet['countersign-assertion']], [undefined, undefined])
    const { headers: nobody } = await check('/sockets', { fields: certificate(alice) })
    assert.ok(nobody['client-cert'])
  })

  test('no: the problem as body and, for nginx, which throws that away, as a field', async () => {
    const { status, body, headers, challenges } = await check('/everyone', { fields: certificate(stranger) })
    assert.equal(status, 401)
    assert.deepEqual(JSON.parse(String(headers['countersign-problem'])), body)
    assert.equal(headers['countersign-problem-type'], '/problems/issuer-unknown')
    assert.match(challenges ?? '', /^Basic /)
    const odd = await check('/everyone', { method: 'POST', fields: { ...certificate(alice), Origin: 'https://é' } })
    assert.match(String(odd.headers['countersign-problem']), /^[\x20-\x7e]+$/)
  })

  test('other proxies take the status as it is', async () => {
    await server.become({ proxies: [proxy({ form: 'traefik' })] })
    const forwarded = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/nowhere', 'X-Forwarded-Host': 'shop.example' }
    assert.equal(
      outcome(await check('/everyone', { fields: { ...forwarded, ...certificate(alice) } })),
      '404 not_found',
    )
    await server.become({ proxies: [proxy({ form: 'nginx' })] })
  })
})

suite('one form for each proxy', () => {
  const forms: { form: string; ask(uri: string): [Record<string, string>, string] }[] = [
    { form: 'nginx', ask: uri => [original(uri), '/auth/check'] },
    { form: 'haproxy', ask: uri => [original(uri), '/auth/check'] },
    { form: 'traefik', ask: uri => [forwarded(uri), '/auth/check'] },
    { form: 'caddy', ask: uri => [forwarded(uri), '/auth/check'] },
    { form: 'envoy-http', ask: uri => [{ Host: 'shop.example' }, `/auth/check${uri}`] },
  ]
  const forwarded = (uri: string) => ({
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Uri': uri,
    'X-Forwarded-Host': 'shop.example',
  })
  const address = { 'X-Forwarded-For': '198.51.100.1, 192.0.2.7' }

  for (const { form, ask } of forms) {
    test(form, async () => {
      await server.become({ proxies: [proxy({ form })] })
      const [told, path] = ask('/orders/7')
      const asked = (fields: object, at: string = path) =>
        nginx.get({ ...address, ...certificate(carol), ...fields }, { path: at }).then(outcome)
      assert.equal(await asked(told), '403 forbidden')
      // What the client sends in every other form says that it is about something that carol may see.
      const others = Object.assign({}, ...forms.map(other => other.ask('/everyone')[0]))
      assert.equal(await asked({ ...others, ...told }), '403 forbidden')
      const names = Object.keys(told)
      if (form === 'envoy-http') {
        assert.match(await asked({}, '/auth/check'), /^400 bad_request/)
        assert.match(await asked({}, '/auth/check/'), /^404 not_found/)
        return
      }
      for (const name of names.slice(0, 2)) {
        const { [name]: value, ...rest } = told
        const status = form === 'nginx' ? '403' : '400'
        assert.equal(await asked(rest), `${status} bad_request`, `${name} is not there`)
        assert.equal(await asked({ ...rest, [name]: [value!, value!] }), `${status} bad_request`, `${name} twice`)
        assert.equal(await asked({ ...rest, [name.replaceAll('-', '_')]: value! }), `${status} bad_request`)
      }
      assert.match(await asked(told, '/auth/check/everyone'), /bad_request$/)
    })
  }

  test('over HTTP/2, too', async () => {
    await server.become({ proxies: [proxy({ form: 'envoy-http' })] })
    const session = connect(server.url, { ca: server.ca, cert: edge.chainPem, key: edge.keyPem })
    const asked = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const fields = { ...address, ...certificate(carol), ':path': `/auth/check${path}` }
        const stream = session.request(fields).on('error', reject).resume()
        stream.on('response', headers => {
          resolve(`${headers[':status']} ${headers['x-forwarded-user'] ?? headers['countersign-problem-code']}`)
        })
      })
    assert.equal(await asked('/everyone'), '200 carol')
    assert.equal(await asked('/orders/7'), '403 forbidden')
    session.close()
  })

  test('envoy-http names what is to be taken off the request', async () => {
    await server.become({ proxies: [proxy({ form: 'envoy-http' })] })
    const { status, headers } = await nginx.get(
      { ...address, ...certificate(alice), 'X-User': 'root', 'X-Other': '1', 'X-Request-Id': 'r' },
      { path: '/auth/check/quiet' },
    )
    assert.equal(status, 200)
    const removed = String(headers['x-envoy-auth-headers-to-remove']).split(', ')
    for (const name of [
      'client-cert',
      'countersign-assertion',
      'authorization',
      'username',
      'x-user',
      'x-ssl-client-cert',
    ])
      assert.ok(removed.includes(name), name)
    for (const name of ['x-forwarded-user', 'x-forwarded-for', 'host', 'x-other', 'x-request-id'])
      assert.ok(!removed.includes(name), name)
  })

  test('a proxy that signs has to cover what it says', async () => {
    const signing = { by: 'signature', keyId: 'edge', secret }
    await server.become({ proxies: [proxy({ form: 'nginx' }, { proof: signing, addressHeader: undefined })] })
    const authority = new URL(server.url).host
    const fields = { ...original('/everyone'), ...certificate(alice) }
    const signed = (covered: Record<string, string>) =>
      server
        .client()
        .get(
          { ...fields, ...signMessage({ secret, keyId: 'edge', authority, target: '/auth/check', fields: covered }) },
          { path: '/auth/check' },
        )
        .then(outcome)
    assert.equal(await signed(fields), '200 alice')
    for (const name of Object.keys(fields)) {
      const { [name]: _, ...covered } = fields as Record<string, string>
      assert.match(await signed(covered), /bad_request$|^400/, name)
    }
  })
})

test('the record names what was asked about, by whom, and the address of the client', async () => {
  await server.become({ proxies: [proxy({ form: 'nginx' })] })
  const address = '192.0.2.77'
  await check('/everyone?secret', { method: 'PUT', fields: certificate(carol), address })
  await check('/orders/7', { fields: certificate(carol), address })
  await check('/everyone', { from: server.client(alice), fields: certificate(carol), address: '192.0.2.78' })
  const deadline = Date.now() + 5_000
  const records = () => server.audited().slice(-3)
  while (records().at(-1)?.code !== 'proxy_not_proven' && Date.now() < deadline) await new Promise(setImmediate)
  assert.deepEqual(
    records().map(({ kind, remoteAddress, proxy, method, path, user, code }) => ({
      kind,
      remoteAddress,
      proxy,
      method,
      path,
      user,
      code,
    })),
    [
      {
        kind: 'access-granted',
        remoteAddress: address,
        proxy: 'edge',
        method: 'PUT',
        path: '/everyone',
        user: 'carol',
        code: undefined,
      },
      {
        kind: 'access-refused',
        remoteAddress: address,
        proxy: 'edge',
        method: 'GET',
        path: '/orders/7',
        user: undefined,
        code: 'forbidden',
      },
      {
        kind: 'access-refused',
        remoteAddress: '127.0.0.1',
        proxy: undefined,
        method: 'GET',
        path: '/auth/check',
        user: undefined,
        code: 'proxy_not_proven',
      },
    ],
  )
})

suite('when a yes may be kept', () => {
  const cached = async (fields: Record<string, string>) => {
    const { headers } = await check('/everyone', { fields })
    return headers['cache-control']
  }

  test('for a second at most, unless the configuration says insecure', async () => {
    await server.become({ proxies: [proxy({ form: 'nginx', cacheSeconds: 1 })] })
    const { headers } = await check('/everyone', { fields: certificate(alice) })
    assert.equal(headers['cache-control'], 'max-age=1')
    // It rises across restarts.
    const epoch = Number(headers['countersign-epoch'])
    assert.ok(epoch > Date.now() - 600_000 && epoch <= Date.now(), `epoch ${epoch}`)
    const vary = String(headers.vary).split(', ')
    for (const name of [
      'x-original-method',
      'x-original-uri',
      'x-original-host',
      'x-ssl-client-cert',
      'username',
      'authorization',
      'origin',
    ])
      assert.ok(vary.includes(name), name)
    assert.equal(await cached(basic('carol')), 'max-age=1')
    assert.equal(await cached(certificate(stranger)), 'no-store', 'a no is kept by nobody')
    await server.refuseToBecome({ proxies: [proxy({ form: 'nginx', cacheSeconds: 2 })] })
    await server.become({ proxies: [proxy({ form: 'nginx', insecureCacheSeconds: 20 })] })
    assert.equal(await cached(certificate(alice)), 'max-age=20')
    assert.match((await cached(certificate(brief))) ?? '', /^(?:max-age=1|no-store)$/, 'never past its certificate')
  })
})

test('a user that is locked is refused at the next question', async () => {
  await server.become({ proxies: [proxy({ form: 'nginx' })] })
  assert.equal(outcome(await check('/everyone', { fields: certificate(carol) })), '200 carol')
  await server.users.setState('default', 'carol', 'locked')
  const deadline = Date.now() + 5_000
  for (;;) {
    const now = outcome(await check('/everyone', { fields: certificate(carol) }))
    if (now === '401 account_locked') break
    assert.ok(Date.now() < deadline, now)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
})
