// The original's documentation, step by step: server key in a JKS file, the client's certificate exported and imported on both
// sides, then every kind of client reaches the protected resource.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { countersign, run } from '../support/run.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'

const password = 'wso2carbon'
const javaClient = join(import.meta.dirname, '../../examples/java/Client.java')

const folder = scratchFolder()
const at = (name: string) => join(folder, name)
const seen: string[] = []
const upstream = createServer((req, res) => {
  seen.push(String(req.headers['x-forwarded-user']))
  res.end(`order list for ${req.headers['x-forwarded-user']}\n`)
})
let upstreamPort: number

before(async () => {
  await makeStores(folder)
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
  upstreamPort = (upstream.address() as AddressInfo).port
})

after(() => upstream.close())

for (const clientAuth of ['want', 'need'] as const) {
  describe(`clientAuth: ${clientAuth}`, () => {
    let server: Awaited<ReturnType<typeof serveFrom>>
    let url: string

    before(async () => {
      seen.length = 0
      server = await serveFrom(folder, configuration(clientAuth, upstreamPort, await thumbprintOf(at('client.crt'))), {
        PASSWORD: password,
      })
      url = server.url
      const added = await countersign(
        [
          'user',
          'add',
          'alice',
          '--role',
          'buyer',
          '--password-file',
          at('alice.txt'),
          '--config',
          at('countersign.yaml'),
        ],
        { env: { ...process.env, PASSWORD: password } },
      )
      assert.equal(added.code, 0, added.stderr)
    })

    after(() => server.stop('the test is over'))

    test('curl with the exported key and certificate', async () => {
      const { stdout, stderr } = await curl(url, folder, ['--cert', at('client.crt.pem'), '--key', at('client.key')])
      assert.equal(stdout, 'order list for alice\n', stderr)
    })

    test('openssl s_client', async () => {
      const args = [
        's_client',
        '-connect',
        new URL(url).host,
        '-CAfile',
        at('server.crt.pem'),
        '-cert',
        at('client.crt.pem'),
        '-key',
        at('client.key'),
      ]
      const { stdout } = await run('openssl', [...args, '-quiet', '-verify_return_error'], {
        input: 'GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      })
      assert.match(stdout, /200 OK[\s\S]*order list for alice/)
    })

    test('a Java program with HttpsURLConnection and the JKS files', async () => {
      const { code, stdout, stderr } = await java(url, folder, at('client.jks'))
      assert.equal(stdout, '200\norder list for alice\n', stderr)
      assert.equal(code, 0)
    })

    test("Node's own client", async () => {
      const options = {
        ca: readFileSync(at('server.crt.pem')),
        cert: readFileSync(at('client.crt.pem')),
        key: readFileSync(at('client.key')),
      }
      const { status, body } = await get(`${url}/orders/1`, options)
      assert.deepEqual([status, body], [200, 'order list for alice\n'])
    })

    if (clientAuth === 'want') {
      test('without a certificate a password does', async () => {
        const { stdout } = await curl(url, folder, ['-u', 'alice:correct horse'])
        assert.equal(stdout, 'order list for alice\n')
      })

      test('without a certificate and a password, the answer says what is missing', async () => {
        const { stdout } = await curl(url, folder, ['-w', '\n%{http_code}'])
        assert.equal(stdout.split('\n').at(-1), '401')
        assert.equal(JSON.parse(stdout.split('\n')[0]!).code, 'certificate_required')
      })

      test('nobody reached the resource who should not have', () => {
        assert.deepEqual(new Set(seen), new Set(['alice']))
        assert.equal(seen.length, 5)
      })
    } else {
      test('without a certificate the connection fails, password or not', async () => {
        const { code, stdout } = await curl(url, folder, ['-u', 'alice:correct horse'])
        assert.notEqual(code, 0)
        assert.equal(stdout, '')
        const viaJava = await java(url, folder, undefined)
        // Which exception it is depends on whether the request or the alert was first.
        assert.match(viaJava.stderr, /IOException|SSL|Socket/)
        assert.deepEqual([viaJava.code, viaJava.stdout], [1, ''])
      })
    }
  })
}

/** Every store by the JDK's keytool; what curl and openssl need as PEM comes out of them through `countersign keystore export`. */
async function makeStores(folder: string): Promise<void> {
  const jks = ['-storetype', 'JKS', '-storepass', password]
  const generate = [
    '-genkeypair',
    '-keyalg',
    'RSA',
    '-keysize',
    '2048',
    '-validity',
    '30',
    ...jks,
    '-keypass',
    password,
  ]
  await keytool(folder, [
    ...generate,
    '-alias',
    'wso2carbon',
    '-dname',
    'CN=localhost',
    '-ext',
    'san=dns:localhost,ip:127.0.0.1',
    '-keystore',
    'wso2carbon.jks',
  ])
  await keytool(folder, [...generate, '-alias', 'partner', '-dname', 'CN=alice,O=Partner', '-keystore', 'client.jks'])
  await keytool(folder, [
    '-export',
    '-alias',
    'wso2carbon',
    '-file',
    'server.crt',
    '-keystore',
    'wso2carbon.jks',
    ...jks,
  ])
  await keytool(folder, ['-export', '-alias', 'partner', '-file', 'client.crt', '-keystore', 'client.jks', ...jks])
  await keytool(folder, [
    '-import',
    '-noprompt',
    '-trustcacerts',
    '-alias',
    'partner',
    '-file',
    'client.crt',
    '-keystore',
    'client-truststore.jks',
    ...jks,
  ])
  await keytool(folder, [
    '-import',
    '-noprompt',
    '-trustcacerts',
    '-alias',
    'server',
    '-file',
    'server.crt',
    '-keystore',
    'java-truststore.jks',
    ...jks,
  ])
  for (const [store, alias, out, ...what] of [
    ['wso2carbon.jks', 'wso2carbon', 'server.crt.pem', '--chain'],
    ['client.jks', 'partner', 'client.crt.pem', '--chain'],
    ['client.jks', 'partner', 'client.key', '--private-key', '--plain-key'],
  ] as const) {
    const exported = await countersign(
      ['keystore', 'export', store, '--alias', alias, ...what, '--out', out, '--password', 'env:PASSWORD'],
      {
        cwd: folder,
        env: { ...process.env, PASSWORD: password },
      },
    )
    assert.equal(exported.code, 0, exported.stderr)
  }
  writeFileSync(join(folder, 'alice.txt'), 'correct horse\n')
}

const configuration = (clientAuth: string, upstreamPort: number, thumbprint: string) => `
listeners:
  - address: 127.0.0.1
    port: 0
    clientAuth: ${clientAuth}
    keyStore: { file: wso2carbon.jks, password: env:PASSWORD, alias: wso2carbon }
    trustStore: [{ file: client-truststore.jks, password: env:PASSWORD }]
authenticators:
  mutual-tls:
    bindings: [{ thumbprint: ${thumbprint}, users: [alice] }]
  basic: { enabled: true }
users: { store: sqlite, file: users-${clientAuth}.db }
routes:
  - { path: /orders/*, upstream: http://127.0.0.1:${upstreamPort}, allow: { roles: [buyer] } }
`

async function thumbprintOf(file: string): Promise<string> {
  const { stdout } = await run('openssl', ['x509', '-inform', 'DER', '-in', file, '-noout', '-fingerprint', '-sha256'])
  return stdout.split('=')[1]!.trim()
}

async function keytool(folder: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run('keytool', args, { cwd: folder })
  assert.equal(code, 0, `keytool ${args.join(' ')}\n${stdout}${stderr}`)
}

function curl(url: string, folder: string, args: readonly string[]) {
  return run('curl', [
    '-sS',
    '--max-time',
    '20',
    '--cacert',
    join(folder, 'server.crt.pem'),
    ...args,
    `${url}/orders/1`,
  ])
}

function java(url: string, folder: string, keyStore: string | undefined) {
  const property = (name: string, value: string) => `-Djavax.net.ssl.${name}=${value}`
  return run('java', [
    ...(keyStore ? [property('keyStore', keyStore), property('keyStorePassword', password)] : []),
    property('trustStore', join(folder, 'java-truststore.jks')),
    property('trustStorePassword', password),
    javaClient,
    `${url}/orders/1`,
  ])
}

function get(url: string, options: object): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ...options, agent: false }, res => {
      res.setEncoding('utf8')
      let body = ''
      res.on('data', chunk => {
        body += chunk
      })
      res.on('end', () => resolve({ status: res.statusCode, body }))
    })
      .on('error', reject)
      .end()
  })
}
