// Invariant 5. The upstream here is a bare socket: what is compared are the octets that leave us, not what some parser made of them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { ask2, connect2, openFront } from '../endpoints/gateway/front.ts'

const heads: string[] = []
const sockets = new Set<Socket>()
const upstream = createServer(socket => {
  sockets.add(socket.on('error', () => {}))
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
    const end = received.indexOf('\r\n\r\n')
    if (end === -1 || (/transfer-encoding: chunked/i.test(received) && !received.includes('\r\n0\r\n'))) return
    heads.push(received.slice(0, end))
    received = ''
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
}).listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => {
  for (const socket of sockets) socket.destroy()
  upstream.close()
})
const front = await openFront([
  {
    path: '/*',
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    websocket: 'allow',
    clientCertificate: 'send-chain',
  },
])
const alice = front.client('alice')

/** What this server says about alice: each of these exactly once, with our value. */
const ours: Readonly<Record<string, RegExp>> = {
  'x-forwarded-user': /^alice$/,
  'x-forwarded-tenant': /^default$/,
  'x-forwarded-roles': /^buyer$/,
  'x-forwarded-for': /^127\.0\.0\.1$/,
  'x-forwarded-proto': /^https$/,
  'x-forwarded-host': /^localhost:\d+$/,
  'x-forwarded-port': /^\d+$/,
  forwarded: /^for=127\.0\.0\.1;host="localhost:\d+";proto=https$/,
  'client-cert': new RegExp(`^:${alice.der.toString('base64').replace(/[+/]/g, '\\$&')}:$`),
  'countersign-assertion': /^ey[\w-]+\.ey[\w-]+\.[\w-]+$/,
}

/** Sent by the client: none of it may arrive, under any name that a server might fold into one of ours. */
const forged = 'FORGED'

const names = [
  ...Object.keys(ours),
  'client-cert-chain',
  'x-client-cert',
  'x-ssl-client-cert',
  'ssl-client-cert',
  'ssl-client-s-dn',
  'x-amzn-mtls-clientcert',
  'x-arr-clientcert',
  'remote-user',
  'x-remote-user',
  'x-user',
  'x-username',
  'wso2-identity-user',
  'x-roles',
  'x-groups',
  'x-auth-request-user',
  'x-webauth-user',
  'x-authenticated-userid',
  'x-consumer-username',
  'x-forwarded-email',
  'x-forwarded-groups',
  'x-forwarded-preferred-username',
  'x-real-ip',
  'true-client-ip',
  'x-original-url',
  'x-rewrite-url',
  'countersign-user',
  'username',
  'authorization',
  'proxy-authorization',
  'proxy',
]

const spellings: Readonly<Record<string, (name: string) => string>> = {
  'as it is': name => name,
  capitals: name => name.toUpperCase(),
  'Title-Case': name => name.replace(/(?:^|-)[a-z]/g, part => part.toUpperCase()),
  underscores: name => name.replaceAll('-', '_'),
  'Underscores And Capitals': name => name.replaceAll('-', '_').toUpperCase(),
  'one underscore': name => name.replace('-', '_'),
  dots: name => name.replaceAll('-', '.'),
  'other signs': name => name.replaceAll('-', '~'),
}

const fieldsOf = (head: string): [string, string][] =>
  head
    .split('\r\n')
    .slice(1)
    .map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])

/** The last head that arrived says of alice what we say, once, and nothing of what the client made up. */
function assertClean(what: string): void {
  const head = heads.pop()
  assert.ok(head !== undefined, `${what}: arrived`)
  assert.doesNotMatch(head, new RegExp(forged), what)
  const fields = fieldsOf(head)
  for (const [name, value] of Object.entries(ours)) {
    const found = fields.filter(([field]) => field.replace(/[^a-z0-9]/g, '-') === name)
    assert.deepEqual(
      found.map(([field]) => field),
      [name],
      `${what}: ${name} once`,
    )
    assert.match(found[0]![1], value, what)
  }
  for (const [name] of fields) assert.match(name, /^[a-z0-9-]+$/, what)
}

/** Sends octets as they are; answers the status. */
async function raw(text: string): Promise<number> {
  const socket = connect({
    host: '127.0.0.1',
    port: front.port,
    servername: 'localhost',
    ca: front.ca,
    cert: alice.chainPem,
    key: alice.keyPem,
  })
  await once(socket, 'secureConnect')
  socket.write(text, 'latin1')
  let answer = ''
  for await (const chunk of socket.setEncoding('latin1')) {
    answer += chunk
    if (answer.includes('\r\n\r\n')) break
  }
  socket.destroy()
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
}

const host = `Host: localhost:${front.port}`
const get = (...lines: string[]) => raw(['GET /x HTTP/1.1', host, ...lines, '', ''].join('\r\n'))

for (const [spelling, spell] of Object.entries(spellings)) {
  test(`HTTP/1.1, ${spelling}: once, twice, and named by Connection`, async () => {
    const sent = names.map(spell)
    const lines = sent.map(name => `${name}: ${/^authorization$/i.test(name) ? 'Bearer ' : ''}${forged}`)
    // Those that steer may come once only; the others may come again.
    const again = lines.filter(line => !/^(?:authorization|proxy-authorization):/i.test(line))
    assert.equal(await get(...lines), 200)
    assertClean('once')
    assert.equal(await get(...lines.slice(0, 35), ...again.slice(0, 35)), 200)
    assertClean('twice')
    assert.equal(await get(`Connection: keep-alive, ${sent.join(', ')}`, ...lines), 200)
    assertClean('named by Connection')
    assert.equal(await get(`CONNECTION: ${sent.join(' ,')}`), 200)
    assertClean('named by Connection alone')
  })
}

test('hop-by-hop names cannot take ours away, nor hide a line from the filter', async () => {
  for (const connection of [
    'x-forwarded-user',
    'close, X-Forwarded-User, Client-Cert, Countersign-Assertion',
    'Connection, x-forwarded-user',
    ',, ,x-forwarded-user,',
    'x-forwarded-user;q=1',
  ]) {
    assert.equal(await get(`Connection: ${connection}`), 200)
    assertClean(connection)
  }
  assert.equal(await get('Connection: a', 'Connection: x-forwarded-user', `X-Forwarded-User: ${forged}`), 200)
  assertClean('two Connection lines')
  assert.equal(await get('Keep-Alive: x-forwarded-user', 'Proxy-Connection: client-cert', 'TE: x-forwarded-user'), 200)
  assertClean('its relatives')
})

test('trailers carry no identity, and the Trailer header does not announce any', async () => {
  const chunked = `POST /x HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Forwarded-User\r\n\r\n`
  assert.equal(await raw(`${chunked}1\r\na\r\n0\r\nX-Forwarded-User: ${forged}\r\nClient-Cert: ${forged}\r\n\r\n`), 200)
  assert.doesNotMatch(heads.at(-1)!, /trailer/i)
  assertClean('trailers')
})

test('lines that are no lines are refused before anything leaves us', async () => {
  const before = heads.length
  for (const line of [
    `X-Forwarded-User : ${forged}`,
    `X-Forwarded-User\t: ${forged}`,
    ` X-Forwarded-User: ${forged}`,
    `X-A: b\r\n X-Forwarded-User: ${forged}`,
    `X-A: b\nX-Forwarded-User: ${forged}`,
    `X-A: b\rX-Forwarded-User: ${forged}`,
    `X-A: b\0X-Forwarded-User: ${forged}`,
    `X-A\0: b`,
    `\u00c4-Forwarded-User: ${forged}`,
    `X-Forwarded-User`,
    `: ${forged}`,
  ]) {
    const status = await get(line).catch(() => 400)
    // A bare LF ends a line for some: then it is a line of its own, and goes the way of all such lines.
    if (status === 200) assertClean(JSON.stringify(line))
    else assert.equal(status, 400, JSON.stringify(line))
  }
  assert.equal(heads.length, before)
})

test('a second request in the body of the first does not get through with a name of its own', async () => {
  const smuggled = `GET /x HTTP/1.1\r\n${host}\r\nX-Forwarded-User: ${forged}\r\n\r\n`
  assert.equal(
    await raw(`POST /x HTTP/1.1\r\n${host}\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`),
    400,
  )
  assert.equal(
    await raw(
      `GET /x HTTP/1.1\r\n${host}\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: xchunked\r\n\r\n${smuggled}`,
    ),
    501,
  )
  assert.equal(
    await raw(
      `GET /x HTTP/1.1\r\n${host}\r\nConnection: Content-Length\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ),
    200,
  )
  assert.match(heads.at(-1)!, new RegExp(`content-length: ${smuggled.length}`), 'the body is framed as a body')
  assertClean('a body that looks like a request')
})

test('HTTP/2: every name and spelling that it can carry, twice, and the cookie apart', async () => {
  const session = connect2(front, alice)
  try {
    for (const spell of [
      spellings['as it is']!,
      spellings.underscores!,
      spellings['one underscore']!,
      spellings.dots!,
    ]) {
      const sent = names.map(spell).filter(name => !['proxy-authorization', 'authorization'].includes(name))
      const headers = Object.fromEntries(sent.map(name => [name, [forged, forged]]))
      const half = (from: number) => Object.fromEntries(Object.entries(headers).filter((_, i) => i % 3 === from))
      for (const third of [0, 1, 2]) {
        assert.equal((await ask2(session, '/x', { headers: half(third) })).status, 200)
        assertClean(`third ${third}`)
      }
    }
    const single = { authorization: `Bearer ${forged}`, 'proxy-authorization': `Basic ${forged}` }
    assert.equal((await ask2(session, '/x', { headers: single })).status, 200)
    assertClean('credentials')
    for (const [name, value] of [
      [':scheme', 'http'],
      [':protocol', 'websocket'],
      [':x-forwarded-user', forged],
    ] as const) {
      const status = await ask2(session, '/x', { headers: { [name]: value } }).then(
        reply => reply.status,
        () => 0,
      )
      if (status === 200) assertClean(name)
    }
  } finally {
    session.destroy()
  }
})

test('an upgrade goes through the same filter', async () => {
  const lines = names.filter(name => !name.includes('authorization')).map(name => `${name}: ${forged}`)
  await raw(
    [
      'GET /x HTTP/1.1',
      host,
      'Connection: Upgrade, x-forwarded-user',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...lines,
      '',
      '',
    ].join('\r\n'),
  )
  assert.match(heads.at(-1)!, /connection: upgrade\r\nupgrade: websocket/)
  assertClean('upgrade')
})

test('a user name cannot add a line or a second name', async () => {
  for (const [name, value] of [
    ['bob, admin', 'bob%2C%20admin'],
    ['bob admin', 'bob%20admin'],
    ['böb', 'b%C3%B6b'],
    ['b"o;b', 'b%22o%3Bb'],
    ['b%6Fb', 'b%256Fb'],
  ] as const) {
    const session = connect2(front, front.client(name))
    try {
      assert.equal((await ask2(session, '/x')).status, 200)
    } finally {
      session.destroy()
    }
    const fields = fieldsOf(heads.pop()!)
    assert.deepEqual(
      fields.filter(([field]) => field === 'x-forwarded-user').map(([, got]) => got),
      [value],
    )
  }
})
