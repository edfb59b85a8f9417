import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { Issued } from '../../support/certificates.ts'
import { ask, openEcho, openFront, seen } from './front.ts'

const upstream = await openEcho()
const front = await openFront(
  [
    { path: '/one/*', upstream: upstream.url },
    { path: '/two/*', upstream: upstream.url.replace('127.0.0.1', 'localhost') },
    { path: '/none/*', upstream: upstream.url, assertion: 'omit' },
  ],
  { clientAuth: 'want', assertion: { issuer: 'https://gate.example.org' } },
)
const alice = front.client('alice')
const admin = { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` }

async function assertionFor(path: string, as: Issued | undefined, headers = {}): Promise<string> {
  return String(seen(await ask(front, as, path, { headers })).headers['countersign-assertion'])
}

const keys = async () => {
  const reply = await ask(front, undefined, '/.well-known/jwks.json')
  assert.equal(reply.headers['content-type'], 'application/jwk-set+json')
  return JSON.parse(reply.body.toString())
}

test('an upstream verifies it with the published keys, and finds the whole identity in it', async () => {
  const set = await keys()
  assert.equal(set.keys.length, 2)
  assert.ok(!JSON.stringify(set).includes('"d"'), 'no private key')
  const { payload, protectedHeader } = await jwtVerify(await assertionFor('/one/x', alice), createLocalJWKSet(set), {
    issuer: 'https://gate.example.org',
    audience: upstream.url,
    algorithms: ['ES256'],
    typ: 'countersign-assertion+jwt',
    requiredClaims: ['jti', 'nbf', 'iat', 'exp'],
  })
  assert.equal(protectedHeader.kid, set.keys[0].kid)
  assert.deepEqual(
    [payload.sub, payload.tenant, payload.roles, payload.amr],
    ['alice', 'default', ['buyer'], ['mutual-tls']],
  )
  assert.deepEqual(payload.cnf, { 'x5t#S256': Buffer.from(alice.thumbprint, 'hex').toString('base64url') })
  assert.equal(payload.exp! - payload.iat!, 60)
  assert.ok(payload.nbf! <= payload.iat!)
  assert.equal(payload.epoch, front.epoch.value)
})

test('for another upstream it is another one, and of no use here', async () => {
  const two = await assertionFor('/two/x', alice)
  assert.equal(decodeJwt(two).aud, upstream.url.replace('127.0.0.1', 'localhost'))
  await assert.rejects(jwtVerify(two, createLocalJWKSet(await keys()), { audience: upstream.url }), /aud/)
})

test('a password proves the user, not the certificate that lay beside it', async () => {
  const payload = decodeJwt(await assertionFor('/one/x', alice, admin))
  assert.deepEqual([payload.sub, payload.amr, payload.cnf], ['admin', ['basic'], undefined])
})

test('it is used again for a while, and dies with the trust epoch', async () => {
  const first = await assertionFor('/one/x', alice)
  assert.equal(await assertionFor('/one/y', alice), first)
  front.epoch.raise('users')
  const second = await assertionFor('/one/x', alice)
  assert.notEqual(decodeJwt(second).jti, decodeJwt(first).jti)
  assert.equal(decodeJwt(second).epoch, front.epoch.value)
  assert.equal(decodeProtectedHeader(second).kid, decodeProtectedHeader(first).kid)
})

test('a route can do without', async () => {
  const { headers } = seen(await ask(front, alice, '/none/x'))
  assert.equal(headers['countersign-assertion'], undefined)
  assert.equal(headers['x-forwarded-user'], 'alice')
})

test('EdDSA as well', async () => {
  const other = await openFront([{ path: '/*', upstream: upstream.url }], {
    assertion: { algorithm: 'EdDSA', lifetime: 20 },
  })
  const client = other.client('alice')
  const set = JSON.parse((await ask(other, client, '/.well-known/jwks.json')).body.toString())
  const jwt = String(seen(await ask(other, client, '/x')).headers['countersign-assertion'])
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(set), { algorithms: ['EdDSA'] })
  assert.equal(payload.exp! - payload.iat!, 20)
})
