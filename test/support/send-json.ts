import { sendWritten, writeJson } from '../../src/server/http/answer.ts'
import type { Exchange } from '../../src/server/http/exchange.ts'

/** 200 with a document of the test's. */
export const sendJson = (exchange: Exchange, document: object): void => sendWritten(exchange, writeJson(document))
