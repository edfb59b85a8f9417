import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { hasBody, readBody } from '../../../src/server/http/body.ts'
import { parseAnswer, readAnswer, testListener } from '../../support/listener.ts'
import { sendJson } from '../../support/send-json.ts'

suite('a request body', () => {
  const failures: unknown[] = []
  const opened = testListener({
    options: { limits: { maxBodyBytes: 1000 } },
    async serve(exchange) {
      const has = hasBody(exchange)
      try {
        const body = await readBody(exchange)
        if (body !== undefined) sendJson(exchange, { has, text: body.toString() })
      } catch (error) {
        failures.push(error)
      }
    },
  })
  const send = async (text: string) => {
    const socket = await (await opened).connect()
    socket.write(text)
    return parseAnswer(await readAnswer(socket))
  }
  const head = 'POST / HTTP/1.1\r\nHost: x\r\n'
  const chunk = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`

  test('is read to its end, by length and in chunks', async () => {
    assert.deepEqual((await send(`${head}Content-Length: 5\r\n\r\nhello`)).body, { has: true, text: 'hello' })
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`
    assert.deepEqual((await send(chunked)).body, { has: true, text: 'hello' })
    assert.deepEqual((await send(`${head}Content-Length: 0\r\n\r\n`)).body, { has: false, text: '' })
    assert.deepEqual((await send(`${head}\r\n`)).body, { has: false, text: '' })
  })

  test('is refused before it is sent when its declared size is too large, and 100-continue is not answered', async () => {
    const { status, body, headers } = await send(`${head}Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n`)
    assert.equal(status, 413)
    assert.equal(body.code, 'payload_too_large')
    assert.equal(headers.connection, 'close')
  })

  test('is refused when chunks go beyond the limit', async () => {
    const { status, body } = await send(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk(999)}${chunk(999)}`)
    assert.equal(status, 413)
    assert.equal(body.code, 'payload_too_large')
  })

  test('that breaks off is an error of the reader', async () => {
    const socket = await (await opened).connect()
    socket.write(`${head}Content-Length: 5\r\n\r\nhe`)
    await new Promise(resolve => setTimeout(resolve, 50))
    socket.destroy()
    while (failures.length === 0) await new Promise(resolve => setTimeout(resolve, 10))
    assert.ok(isCoded(failures[0], 'ERR_REQUEST_ABORTED'))
  })
})
