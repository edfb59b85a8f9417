import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/read.ts'
import { testAuthority } from '../support/certificates.ts'
import { openHome } from '../support/home.ts'

const anchors = { clients: testAuthority() }

const problems = async (configuration: object): Promise<readonly string[]> => {
  const error = await openHome({ anchors, configuration }).then(
    () => assert.fail('it was taken'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ConfigError, String(error))
  return error.problems.map(({ path, message }) => `${path}: ${message}`)
}

test('SCIM on a listener that is not there, by an authenticator that is off, and below a route, stops the start', async () => {
  const authenticators = { 'mutual-tls': { enabled: true } }
  const route = { path: '/scim2/*', upstream: 'http://127.0.0.1:1' }
  const found = await problems({
    authenticators,
    routes: [route],
    scim: { enabled: true, listeners: ['nowhere'], require: ['basic'] },
  })
  assert.deepEqual(
    found.map(problem => problem.split(':')[0]),
    ['scim.listeners[0]', 'scim.require', 'routes[0].path'],
  )
})

test('where SCIM is off its path is free for a route', async () => {
  const home = await openHome({
    anchors,
    configuration: {
      authenticators: { 'mutual-tls': { enabled: true } },
      routes: [{ path: '/scim2/*', upstream: 'http://127.0.0.1:1' }],
    },
    listener: { clientAuth: 'want' },
  })
  assert.equal((await home.ask()).status, 401)
})
