import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { refusals, refuse } from '../../../src/refusals.ts'
import { httpProblems } from '../../../src/server/http/http-problems.ts'
import { sendProblem } from '../../../src/server/http/problem.ts'
import { testListener } from '../../support/listener.ts'

suite('a problem', () => {
  const opened = testListener({
    serve: exchange =>
      sendProblem(exchange, refuse('certificate_expired', 'It ended on <Monday>.'), {
        challenges: ['Basic realm="a"', 'X'],
      }),
    problemPage: problem => `<h1>${problem.code}</h1>`,
  })

  for (const http of ['http/1.1', 'h2'] as const) {
    test(`is a document of RFC 9457 over ${http}`, async () => {
      const { status, headers, body } = await (await opened).ask({ http })
      const { requestId, ...rest } = body
      assert.equal(status, 401)
      assert.match(String(headers['content-type']), /^application\/problem\+json/)
      assert.match(String(requestId), /^[\w-]{8}-\w+$/)
      assert.deepEqual(rest, {
        type: '/problems/certificate-expired',
        title: refusals.certificate_expired.title,
        status: 401,
        detail: 'It ended on <Monday>.',
        code: 'certificate_expired',
        remedy: refusals.certificate_expired.remedy,
      })
      assert.match(String(headers['www-authenticate']), /X|Basic/)
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['x-content-type-options'], 'nosniff')
    })

    test(`is a page for a browser over ${http}`, async () => {
      const { headers, text } = await (await opened).ask({ http, headers: { accept: 'text/html,*/*;q=0.8' } })
      assert.match(String(headers['content-type']), /^text\/html/)
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal(text, '<h1>certificate_expired</h1>')
    })
  }

  test('two requests never share an ID', async () => {
    const door = await opened
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await door.ask()).body.requestId))
    assert.equal(new Set(ids).size, 5)
  })
})

test('no code stands in both lists', () => {
  assert.deepEqual(
    Object.keys(httpProblems).filter(code => code in refusals),
    [],
  )
})
