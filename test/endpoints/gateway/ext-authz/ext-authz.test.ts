// Envoy's external authorisation, asked by somebody else's gRPC client. Envoy itself is not in Debian: the requests are those that its API
// describes.
import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { after, suite, test } from 'node:test'
import { type ChannelCredentials, Client, credentials, status as grpc, type ServiceError } from '@grpc/grpc-js'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'
import { type Issued, testAuthority } from '../../../support/certificates.ts'
import { identityServer } from '../../../support/identity-server.ts'

const people = testAuthority({ name: 'People CA' })
const machines = testAuthority({ name: 'Machines CA' })
const alice = people.issue({ subject: 'CN=alice' })
const stranger = testAuthority({ name: 'Stranger CA' }).issue({ subject: 'CN=alice' })
const envoy = machines.issue({ subject: 'CN=envoy' })
const entry = {
  name: 'envoy',
  proof: { thumbprints: [envoy.thumbprint] },
  forwardAuth: { form: 'envoy-grpc' },
}
const server = await identityServer({
  anchors: { people, machines },
  bindings: [
    { thumbprint: alice.thumbprint, users: ['alice', 'ops'] },
    // The proxy's own certificate is somebody. That must let nobody in.
    { thumbprint: envoy.thumbprint, users: ['envoy'] },
  ],
  basic: { enabled: true },
  proxies: [entry],
  routes: [
    { path: '/everyone', audience: 'https://app.example' },
    { path: '/buyers', allow: { roles: ['buyer'] } },
    { path: '/tokens', authorization: 'forward' },
  ],
})
for (const name of ['alice', 'ops', 'carol', 'envoy'])
  await server.users.add({ tenant: 'default', name, password: `${name}-password-1` })

interface Told {
  readonly client?: Issued | string
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly lines?: readonly (readonly [string, string])[]
  readonly address?: string
}

/** As Envoy tells it, with what is of no concern here as well. */
function requestFor({ client, method = 'GET', path = '/everyone', headers = {}, lines, address = '192.0.2.7' }: Told) {
  const certificate = typeof client === 'string' ? client : client && encodeURIComponent(client.pem)
  const peer = { address: { socketAddress: { address, portValue: 55_555 } }, principal: 'spiffe://forged', certificate }
  const all = { ':authority': 'shop.example', ':path': path, ':method': method, 'x-request-id': 'r', ...headers }
  const headerMap = lines && { headers: lines.map(([key, value]) => ({ key, rawValue: Buffer.from(value) })) }
  return {
    attributes: {
      source: { ...peer, labels: { a: 'b' } },
      destination: { ...peer, certificate: encodeURIComponent(envoy.pem), address: undefined },
      request: {
        time: { seconds: 1_800_000_000, nanos: 5 },
        http: {
          id: '1',
          method,
          path,
          host: 'shop.example',
          scheme: 'https',
          size: -1,
          protocol: 'HTTP/2',
          ...(headerMap ? { headerMap } : { headers: all }),
        },
      },
      contextExtensions: { route: 'x' },
      tlsSession: { sni: 'shop.example' },
    },
  }
}

interface Response {
  readonly status?: { code: number }
  readonly deniedResponse?: { status: { code: number }; headers: HeaderOption[]; body: string }
  readonly okResponse?: { headers: HeaderOption[]; headersToRemove: string[] }
}
interface HeaderOption {
  readonly header: { key: string; value: string }
  readonly append: { value: boolean } | null
}

const service = loadSync(new URL('../../../support/ext-authz.proto', import.meta.url).pathname, {})[
  'envoy.service.auth.v3.Authorization'
] as unknown as Record<'Check' | 'Ask', MethodDefinition<object, Response>>

function channel(identity: Issued | undefined) {
  const { chainPem, keyPem } = identity ?? {}
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  const secure: ChannelCredentials = credentials.createSsl(Buffer.from(server.ca), pem(keyPem), pem(chainPem))
  const client = new Client(`localhost:${new URL(server.url).port}`, secure)
  after(() => client.close())
  return (message: object, method: keyof typeof service = 'Check', options: object = {}) =>
    new Promise<Response>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = service[method]
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, options, (error, response) =>
        error ? reject(error) : resolve(response!),
      )
    })
}

const check = channel(envoy)

async function outcome(told: Told): Promise<string> {
  const { status, okResponse, deniedResponse } = await check(requestFor(told))
  const user = okResponse?.headers.find(({ header }) => header.key === 'x-forwarded-user')?.header.value
  if (okResponse) return status?.code ? `contradiction ${status.code}` : `ok ${user}`
  assert.ok(deniedResponse && status?.code, 'a no, twice')
  return `${deniedResponse.status.code} ${JSON.parse(deniedResponse.body).code}`
}

const basic = (name: string) => ({ authorization: `Basic ${btoa(`${name}:${name}-password-1`)}` })

suite('the decision', () => {
  for (const [what, told, expected] of [
    ['no certificate: nobody, least of all Envoy', {}, '401 certificate_required'],
    ['a certificate', { client: alice }, 'ok alice'],
    ['a user of its binding', { client: alice, headers: { username: btoa('ops') } }, 'ok ops'],
    ['no such user', { client: alice, headers: { username: btoa('carol') } }, '401 certificate_not_bound'],
    ['a stranger', { client: stranger }, '401 issuer_unknown'],
    ['a password', { headers: basic('carol') }, 'ok carol'],
    ['a wrong password', { headers: { authorization: `Basic ${btoa('carol:x')}` } }, '401 credentials_invalid'],
    ['lines of headers', { lines: Object.entries(basic('carol')) }, 'ok carol'],
    [
      'a line that comes twice',
      { lines: [...Object.entries(basic('carol')), ...Object.entries(basic('ops'))] },
      '401 credentials_invalid',
    ],
    ['no such role', { client: alice, path: '/buyers?x=1' }, '403 forbidden'],
    ['no route', { client: alice, path: '/nowhere' }, '404 not_found'],
    ['a path in doubt', { client: alice, path: '/everyone/../buyers' }, '400 bad_request'],
    ['no path', { client: alice, path: '' }, '400 bad_request'],
    ['no method', { client: alice, method: '' }, '400 bad_request'],
    ['no certificate, but something', { client: 'nonsense' }, '400 bad_request'],
    ['a certificate that is not encoded', { client: alice.pem }, '400 bad_request'],
    ['no address', { client: alice, address: 'localhost' }, '400 bad_request'],
    [
      'a page of another site',
      { client: alice, method: 'POST', headers: { origin: 'https://evil.example' } },
      '403 forbidden',
    ],
    ['our own page', { client: alice, method: 'POST', headers: { origin: 'https://shop.example' } }, 'ok alice'],
    ['a WebSocket', { client: alice, headers: { 'sec-websocket-version': '13' } }, '501 not_implemented'],
    [
      'a certificate in a header',
      { headers: { 'client-cert': `:${alice.der.toString('base64')}:` } },
      '401 certificate_required',
    ],
  ] as const satisfies readonly (readonly [string, Told, string])[]) {
    test(what, async () => assert.equal(await outcome(told), expected))
  }

  test('a user that is locked is refused at the next question', async () => {
    await server.users.setState('default', 'ops', 'locked')
    const deadline = Date.now() + 5_000
    while ((await outcome({ headers: basic('ops') })) !== '401 account_locked') {
      assert.ok(Date.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  })
})

suite('the answer', () => {
  test('yes: sets who it is, and takes off what the client says of that', async () => {
    const headers = {
      'x-forwarded-user': 'root',
      'client-cert-chain': 'x',
      'remote-user': 'root',
      'x-user': 'root',
      x_user: 'root',
      'x-other': '1',
      'x-forwarded-for': '1',
      'x-envoy-a': '1',
    }
    const { okResponse } = await check(requestFor({ client: alice, headers }))
    const set = new Map(okResponse!.headers.map(({ header, append }) => [header.key, [header.value, append]]))
    assert.deepEqual(set.get('x-forwarded-user'), ['alice', {}], 'in the place of what is there, not behind it')
    assert.equal(set.get('client-cert')?.[0], `:${alice.der.toString('base64')}:`)
    assert.match(String(set.get('countersign-assertion')?.[0]), /^ey/)
    const removed = new Set(okResponse!.headersToRemove)
    for (const name of ['client-cert-chain', 'remote-user', 'x-user', 'x_user', 'username', 'authorization'])
      assert.ok(removed.has(name), name)
    for (const name of [...set.keys(), 'x-other', 'x-forwarded-for', 'x-envoy-a', 'x-request-id', ':path', 'host'])
      assert.ok(!removed.has(String(name)), String(name))
  })

  test('yes by password: a certificate that the client sent in a header does not go on', async () => {
    const headers = { ...basic('carol'), 'client-cert': ':AAAA:' }
    const { okResponse } = await check(requestFor({ headers }))
    assert.ok(okResponse!.headersToRemove.includes('client-cert'))
    assert.ok(okResponse!.headersToRemove.includes('authorization'))
    assert.ok(!okResponse!.headers.some(({ header }) => header.key === 'client-cert'))
  })

  test('a token that is meant for the one behind stays', async () => {
    const { okResponse } = await check(
      requestFor({ client: alice, path: '/tokens', headers: { authorization: 'Bearer x' } }),
    )
    assert.ok(!okResponse!.headersToRemove.includes('authorization'))
  })

  test('no: the problem document, its type and the challenges', async () => {
    const { deniedResponse } = await check(requestFor({}))
    const fields = new Map(deniedResponse!.headers.map(({ header }) => [header.key, header.value]))
    assert.match(fields.get('content-type') ?? '', /^application\/problem\+json/)
    assert.match(fields.get('www-authenticate') ?? '', /^Basic /)
    assert.equal(fields.get('cache-control'), 'no-store')
    const problem = JSON.parse(deniedResponse!.body)
    assert.deepEqual(
      [problem.type, problem.status, typeof problem.requestId],
      ['/problems/certificate-required', 401, 'string'],
    )
    const page = await check(requestFor({ headers: { accept: 'text/html' } }))
    assert.match(page.deniedResponse!.body, /<html/)
  })
})

suite('the call', () => {
  const failure = (code: number) => (error: ServiceError) => error.code === code

  test('only an Envoy that proved itself, and may, is answered', async () => {
    for (const identity of [alice, stranger, undefined])
      await assert.rejects(channel(identity)(requestFor({ client: alice })), failure(grpc.PERMISSION_DENIED))
    const others = { ...entry, name: 'other', proof: { thumbprints: [alice.thumbprint] } }
    await server.become({ proxies: [others, { ...entry, forwardAuth: { form: 'envoy-http' } }] })
    await assert.rejects(check(requestFor({ client: alice })), failure(grpc.PERMISSION_DENIED))
    await server.become({ proxies: [others] })
    await assert.rejects(check(requestFor({ client: alice })), failure(grpc.PERMISSION_DENIED), 'it is a user now')
    await server.become({ proxies: [entry] })
    assert.equal(await outcome({ client: alice }), 'ok alice')
    const { status } = await server.client(envoy).get({}, { path: '/auth/check' })
    assert.equal(status, 403, 'one way to ask')
  })

  test('another method is unimplemented', async () => {
    await assert.rejects(check(requestFor({ client: alice }), 'Ask'), failure(grpc.UNIMPLEMENTED))
  })

  test('what cannot be proven or kept is refused in the configuration', async () => {
    const secret = 'a secret of the proxy and of the server'
    await server.refuseToBecome({ proxies: [{ ...entry, proof: { by: 'signature', keyId: 'envoy', secret } }] })
    await server.refuseToBecome({ proxies: [{ ...entry, addressHeader: 'X-Forwarded-For' }] })
    await server.refuseToBecome({ proxies: [{ ...entry, forwardAuth: { form: 'envoy-grpc', cacheSeconds: 1 } }] })
  })

  test('the frame and the message have to be whole', async () => {
    const session = connect(server.url, { ca: server.ca, cert: envoy.chainPem, key: envoy.keyPem })
    after(() => session.close())
    const call = (body: Buffer, fields: object = {}) =>
      new Promise<string>((resolve, reject) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/envoy.service.auth.v3.Authorization/Check',
          'content-type': 'application/grpc',
          te: 'trailers',
          ...fields,
        })
        let answer = ''
        stream.on('response', headers => {
          answer = `${headers[':status']} undefined`
        })
        stream.on('trailers', trailers => {
          answer = `200 ${trailers['grpc-status']}`
        })
        stream
          .on('end', () => resolve(answer))
          .on('error', reject)
          .resume()
          .end(body)
      })
    const frame = (bytes: Buffer, compressed = 0) => {
      const prefix = Buffer.from([compressed, 0, 0, 0, 0])
      prefix.writeUInt32BE(bytes.length, 1)
      return Buffer.concat([prefix, bytes])
    }
    assert.equal(await call(Buffer.alloc(0)), `200 ${grpc.INVALID_ARGUMENT}`)
    assert.equal(await call(Buffer.from([0, 0, 0])), `200 ${grpc.INVALID_ARGUMENT}`)
    assert.equal(await call(Buffer.from([0, 0, 0, 0, 9, 1])), `200 ${grpc.INVALID_ARGUMENT}`)
    assert.equal(
      await call(Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))])),
      `200 ${grpc.INVALID_ARGUMENT}`,
    )
    assert.equal(await call(frame(Buffer.from([0x0a, 0x7f, 1]))), `200 ${grpc.INVALID_ARGUMENT}`)
    assert.equal(await call(frame(Buffer.alloc(0), 1)), `200 ${grpc.UNIMPLEMENTED}`)
    assert.equal(await call(frame(Buffer.alloc(300_000))), `200 ${grpc.RESOURCE_EXHAUSTED}`)
    assert.equal(await call(frame(Buffer.alloc(0)), { 'content-type': 'application/grpc+json' }), '415 undefined')
    assert.equal(await call(frame(Buffer.alloc(0)), { ':method': 'PUT' }), '405 undefined')
    const http1 = server.client(envoy)
    const { status } = await http1.get(
      { 'content-type': 'application/grpc' },
      { path: '/envoy.service.auth.v3.Authorization/Check', method: 'POST' },
    )
    assert.equal(status, 400)
  })

  test('a deadline that is over is told as one', async () => {
    // A password takes longer than that; the client here waits on, and so hears what the server says.
    const session = connect(server.url, { ca: server.ca, cert: envoy.chainPem, key: envoy.keyPem })
    after(() => session.close())
    const message = service.Check.requestSerialize(
      requestFor({ headers: { authorization: `Basic ${btoa('carol:y')}` } }),
    )
    const prefix = Buffer.from([0, 0, 0, 0, 0])
    prefix.writeUInt32BE(message.length, 1)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/envoy.service.auth.v3.Authorization/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': '1m',
    })
    const status = new Promise(resolve => stream.on('trailers', trailers => resolve(trailers['grpc-status'])))
    stream.resume().end(Buffer.concat([prefix, message]))
    assert.equal(await status, String(grpc.DEADLINE_EXCEEDED))
  })
})
