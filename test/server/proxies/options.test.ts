import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proxyOptions } from '../../../src/server/proxies/options.ts'

const thumbprint = 'ab'.repeat(32)
const complaints = (proxy: object) => {
  const { success, error } = proxyOptions.safeParse({ name: 'edge', ...proxy })
  return success ? [] : error!.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a proxy names how it proves itself: by one certificate, by one name below an anchor, by a secret, or by a socket', () => {
  for (const proof of [
    { thumbprints: [thumbprint] },
    { by: 'certificate', anchor: 'proxies-ca', subject: 'CN=edge' },
    { anchor: 'proxies-ca', san: { uri: 'spiffe://example.org/edge' } },
    { by: 'signature', keyId: 'edge', secret: 'env:EDGE_SECRET' },
    { by: 'socket', path: '/run/countersign/edge.sock', access: 'group', listener: 'main' },
  ]) {
    assert.deepEqual(complaints({ proof, addressHeader: 'X-Forwarded-For' }), [], JSON.stringify(proof))
  }
})

test('half a proof is none', () => {
  for (const [proof, complaint] of [
    [{}, /name the thumbprints/],
    [{ anchor: 'proxies-ca' }, /an anchor alone/],
    [{ subject: 'CN=edge' }, /name the thumbprints/],
    [{ anchor: 'proxies-ca', subject: 'CN=edge', san: { dns: 'edge' } }, /an anchor alone/],
    [{ anchor: 'proxies-ca', san: {} }, /either dns or uri/],
    [{ thumbprints: [], anchor: 'proxies-ca' }, /thumbprints/],
    [{ thumbprints: [thumbprint], anchor: 'proxies-ca', subject: 'CN=edge' }, /not both/],
    [{ thumbprints: [thumbprint], secret: 'x' }, /secret is for/],
    [{ by: 'signature', keyId: 'edge' }, /needs a secret/],
    [{ by: 'signature', secret: 'x' }, /needs a keyId/],
    [{ by: 'signature', keyId: 'edge', secret: 'x', thumbprints: [thumbprint] }, /thumbprints is for/],
    [{ by: 'socket' }, /needs a path/],
    [{ by: 'socket', path: '/a', thumbprints: [thumbprint] }, /thumbprints is for a proof by certificate/],
    [{ by: 'socket', path: '/a', secret: 'x' }, /secret is for a proof by signature/],
    [{ by: 'socket', path: '/a', access: 'everybody' }, /access/],
    [{ thumbprints: [thumbprint], path: '/a' }, /path is for a proof by socket/],
    [{ by: 'signature', keyId: 'edge', secret: 'x', listener: 'main' }, /listener is for a proof by socket/],
    [{ by: 'address', addresses: ['10.0.0.1'] }, /proof.by/],
  ] as const) {
    assert.match(complaints({ proof }).join('\n'), complaint, JSON.stringify(proof))
  }
  assert.match(complaints({}).join(), /proof/)
  const proof = { by: 'socket', path: '/a' }
  assert.match(complaints({ proof }).join(), /addressHeader: a Unix socket has no address/)
  assert.match(complaints({ proof, forwardAuth: { form: 'envoy-grpc' } }).join(), /gRPC is HTTP\/2/)
})

test('one form for each proxy, with a header only where the form leaves it open', () => {
  const form = (clientCertificate: object) => complaints({ proof: { thumbprints: [thumbprint] }, clientCertificate })
  assert.deepEqual(form({ form: 'nginx', header: 'X-Client' }), [])
  assert.deepEqual(form({ form: 'haproxy', chainHeader: 'X-Chain' }), [])
  assert.deepEqual(form({ form: 'pem-header', encoding: 'url' }), [])
  assert.deepEqual(form({ form: 'aws-alb', header: 'X-Amzn-Mtls-Clientcert-Leaf' }), [])
  assert.match(form({ form: 'client-cert', header: 'X-Client' }).join(), /header of its own/)
  assert.match(form({ form: 'aws-alb', header: 'X-Client' }).join(), /X-Amzn-Mtls/)
  assert.match(form({ form: 'nginx', chainHeader: 'X-Chain' }).join(), /for haproxy/)
  assert.match(form({ form: 'nginx', header: 'X_Client' }).join(), /hyphens/)
  assert.match(form({ form: 'nginx', header: 'Authorization' }).join(), /something else/)
  assert.match(form({ form: ['nginx', 'haproxy'] }).join(), /form/)
})
