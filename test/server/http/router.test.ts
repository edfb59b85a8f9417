import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createRouter, type Route } from '../../../src/server/http/router.ts'
import { testListener } from '../../support/listener.ts'
import { sendJson } from '../../support/send-json.ts'

const route = (method: string, path: string): Route => ({
  method,
  path,
  handle: exchange => sendJson(exchange, { route: `${method} ${path}` }),
})

suite('the router', () => {
  const serve = createRouter([
    route('GET', '/whoami'),
    route('GET', '/orders/*'),
    route('POST', '/orders/*'),
    route('*', '/orders/special/*'),
    route('DELETE', '/orders/special/one'),
    { ...route('GET', '/scim2/*'), tenants: 'every-tenant' },
    route('GET', '/t/*'),
  ])
  const opened = testListener({ serve })
  const ask = async (method: string, path: string) => {
    const door = await opened
    const socket = await door.connect()
    socket.end(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const text = Buffer.concat(await socket.toArray()).toString()
    return { status: Number(text.split(' ')[1]), text, route: /"route":"([^"]+)"/.exec(text)?.[1] }
  }

  for (const [method, path, expected] of [
    ['GET', '/whoami', 'GET /whoami'],
    ['GET', '/orders', 'GET /orders/*'],
    ['GET', '/orders/', 'GET /orders/*'],
    ['POST', '/orders/5/items', 'POST /orders/*'],
    ['GET', '/orders/special/two', '* /orders/special/*'],
    ['DELETE', '/orders/special/one', 'DELETE /orders/special/one'],
    ['GET', '/scim2/Users', 'GET /scim2/*'],
    ['GET', '/t/wso2.com/scim2/Users', 'GET /scim2/*'],
    ['GET', '/t/wso2.com/scim2', 'GET /scim2/*'],
    ['GET', '/t/scim2/Users', 'GET /t/*'],
    ['GET', '/t/wso2.com/t/wso2.com/scim2', 'GET /t/*'],
    ['GET', '/t/wso2.com/whoami', 'GET /t/*'],
    ['GET', '/t', 'GET /t/*'],
  ] as const) {
    test(`${method} ${path} takes ${expected}`, async () => {
      assert.equal((await ask(method, path)).route, expected)
    })
  }

  for (const path of ['/', '/Whoami', '/whoami/', '/orders-old', '/ordersx/1']) {
    test(`${path} leads nowhere`, async () => {
      const { status, text } = await ask('GET', path)
      assert.equal(status, 404)
      assert.match(text, /"code":"not_found"/)
    })
  }

  test('HEAD is GET without the body', async () => {
    const { status, text } = await ask('HEAD', '/whoami')
    assert.equal(status, 200)
    assert.match(text, /Content-Length: 23\r\n/)
    assert.match(text, /\r\n\r\n$/)
  })

  test('a method that is not taken: 405 and what is', async () => {
    const { status, text } = await ask('DELETE', '/orders/5')
    assert.equal(status, 405)
    assert.match(text, /Allow: GET, HEAD, POST\r\n/)
  })

  test('a table that contradicts itself is not made', () => {
    assert.throws(() => createRouter([route('GET', '/a'), route('GET', '/a')]), TypeError)
    assert.throws(() => createRouter([route('GET', 'a')]), TypeError)
    assert.throws(() => createRouter([route('GET', '/a*')]), TypeError)
  })
})
