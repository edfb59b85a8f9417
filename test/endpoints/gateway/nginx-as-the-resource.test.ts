import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { answering, freePort } from '../../support/free-port.ts'
import { scratchFolder } from '../../support/scratch.ts'
import { ask, ask2, connect2, openFront } from './front.ts'

const folder = scratchFolder()
const port = await freePort()
const file = randomBytes(5 * 1024 * 1024)
mkdirSync(join(folder, 'logs'))
writeFileSync(join(folder, 'file.bin'), file)
writeFileSync(
  join(folder, 'nginx.conf'),
  `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/logs/error.log;
events { worker_connections 64; }
http {
  access_log off; underscores_in_headers on; ignore_invalid_headers off; client_max_body_size 20m; client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port};
    location /who { default_type text/plain; return 200 "$http_x_forwarded_user|$http_x_forwarded_tenant|$http_client_cert|$http_username|$request_uri|$http_host"; }
    location /file { alias ${folder}/file.bin; }
    location /up { client_body_buffer_size 16k; proxy_pass http://127.0.0.1:${port}/len; }
    location /len { return 200 "$content_length"; }
    location /silent { return 444; }
    location /auth { auth_basic "upstream"; auth_basic_user_file /dev/null; }
  }
}
`,
)
const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'logs/start.log')], {
  stdio: 'ignore',
})
after(async () => {
  const gone = once(nginx, 'exit')
  nginx.kill('SIGTERM')
  await gone
})
await answering(port)
const front = await openFront([{ path: '/*', upstream: `http://127.0.0.1:${port}` }])
const alice = front.client('alice')

test('nginx sees the identity, and one of each name although it would take underscores too', async () => {
  const reply = await ask(front, alice, '/who?a=%2Fb', { headers: { X_Forwarded_User: 'admin', UserName: 'YWRtaW4=' } })
  assert.equal(reply.body.toString(), `alice|default|:${alice.der.toString('base64')}:||/who?a=%2Fb|127.0.0.1:${port}`)
})

test('files, ranges and conditions, over both versions of HTTP', async () => {
  const whole = await ask(front, alice, '/file')
  assert.ok(whole.body.equals(file))
  const part = await ask(front, alice, '/file', { headers: { Range: 'bytes=100-199' } })
  assert.equal(part.status, 206)
  assert.ok(part.body.equals(file.subarray(100, 200)))
  const same = await ask(front, alice, '/file', { headers: { 'If-None-Match': String(whole.headers.etag) } })
  assert.equal(same.status, 304)
  const session = connect2(front, alice)
  try {
    const all = await Promise.all(Array.from({ length: 8 }, () => ask2(session, '/file')))
    for (const { body } of all) assert.ok(body.equals(file))
  } finally {
    session.close()
  }
})

test('uploads arrive', async () => {
  const reply = await ask(front, alice, '/up', { method: 'POST', body: file })
  assert.deepEqual([reply.status, reply.body.toString()], [200, String(file.length)])
})

test('a challenge of the upstream is its own affair; silence is a bad gateway', async () => {
  const challenge = await ask(front, alice, '/auth/x')
  assert.deepEqual([challenge.status, challenge.headers['www-authenticate']], [401, 'Basic realm="upstream"'])
  assert.equal((await ask(front, alice, '/silent')).status, 502)
})
