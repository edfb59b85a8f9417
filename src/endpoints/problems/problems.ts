import { sendAnswer } from '../../server/http/answer.ts'
import type { Answer, Exchange } from '../../server/http/exchange.ts'
import { sendProblem } from '../../server/http/problem.ts'
import { pagePolicy } from './page-style.ts'
import { pathOf, problemCodes, renderCode, renderIndex } from './problem-page.ts'

/** `/problems/`: every code. `/problems/certificate-expired`: what it means and how to mend it. Open to everyone. */
export function serveProblems(exchange: Exchange): void {
  const page = pages().get(exchange.path)
  if (page !== undefined) sendAnswer(exchange, page)
  else sendProblem(exchange, { code: 'not_found', detail: 'There is no problem of that name.' })
}

let made: ReadonlyMap<string, Answer> | undefined

function pages(): ReadonlyMap<string, Answer> {
  made ??= new Map([
    ['/problems', { status: 308, headers: { Location: '/problems/' } }],
    ['/problems/', pageAnswer(renderIndex())],
    ...problemCodes.map(code => [pathOf(code), pageAnswer(renderCode(code))] as const),
  ])
  return made
}

function pageAnswer(body: string): Answer {
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': pagePolicy,
      'Cache-Control': 'public, max-age=3600',
    },
    body,
  }
}
