import { refusals } from '../../refusals.ts'
import { httpProblems } from '../../server/http/http-problems.ts'
import type { Problem, ProblemCode } from '../../server/http/problem.ts'
import { explanations, type ProblemGroup, problemGroups } from './explanations.ts'
import { pageStyle } from './page-style.ts'

export type ProblemEntry = Pick<Problem, 'status' | 'title' | 'remedy'>

export const problemEntries: Readonly<Record<ProblemCode, ProblemEntry>> = { ...refusals, ...httpProblems }

export const problemCodes = Object.keys(problemEntries) as ProblemCode[]

/** A problem as it happened to somebody: the page of its code, with the detail and the ID of the request. */
export function renderProblem({ code, detail, requestId }: Problem): string {
  return renderCode(code, { detail, requestId })
}

/** What a code means and what can be done about it. */
export function renderCode(code: ProblemCode, occurrence?: Pick<Problem, 'detail' | 'requestId'>): string {
  const { status, title, remedy } = problemEntries[code]
  const { meaning, administrator, commands } = explanations[code]
  const happened = occurrence
    ? `<section class="now"><h2>What happened</h2><p><bdi>${escapeHtml(occurrence.detail)}</bdi></p>` +
      `<p class="id">Request <code>${escapeHtml(occurrence.requestId)}</code></p></section>`
    : ''
  return renderPage(
    title,
    `<p class="code"><span class="status">${status}</span><code>${code}</code></p>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${prose(meaning)}</p>
${happened}
<section><h2>What you can do</h2><p>${prose(remedy)}</p></section>
<section><h2>For the administrator</h2><p>${prose(administrator)}</p>${commands.length === 0 ? '' : renderCommands(commands, occurrence?.requestId)}</section>`,
  )
}

export function renderIndex(): string {
  const groups = (Object.keys(problemGroups) as ProblemGroup[]).map(group => {
    const items = problemCodes.filter(code => explanations[code].group === group).map(renderItem)
    return `<section><h2>${escapeHtml(problemGroups[group])}</h2><ul>${items.join('')}</ul></section>`
  })
  return renderPage(
    'Problems and their remedies',
    `<h1>Problems and their remedies</h1>
<p class="lead">When this server turns a request down, it says why: with a status, a code that never changes its meaning, and a way out. Here is every code there is.</p>
${groups.join('\n')}`,
  )
}

export function pathOf(code: ProblemCode): string {
  return `/problems/${code.replaceAll('_', '-')}`
}

function renderCommands(commands: readonly string[], requestId = 'REQUEST-ID'): string {
  const lines = commands.map(command => escapeHtml(command.replace('REQUEST-ID', requestId)))
  return `<pre>${lines.map(line => `<span>${line}</span>`).join('')}</pre>`
}

function renderItem(code: ProblemCode): string {
  const { status, title } = problemEntries[code]
  return `<li><a href="${pathOf(code)}"><b>${escapeHtml(title)}<code>${code}</code></b><span>${status}</span></a></li>`
}

function renderPage(title: string, main: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} · Countersign</title>
<style>${pageStyle}</style>
</head>
<body>
<header><a href="/problems/">${mark}Countersign</a></header>
<main>
${main}
</main>
<footer><a href="/problems/">All problems and their remedies</a></footer>
</body>
</html>
`
}

/** Two signs that fit each other: the challenge and the countersign. */
const mark =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 2.8 4.5 5.6v6c0 4.5 3.1 8 7.5 9.6 4.4-1.6 7.5-5.1 7.5-9.6v-6z"/><path d="m8.6 12 2.4 2.4 4.6-4.8"/></svg>'

/** Our own sentences: `code` between backquotes. */
const prose = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')

/** Text from anywhere. Control characters and those that turn the direction of writing could make it look like other text. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\u{fffd}')
    .replace(/[&<>"']/g, character => entities[character]!)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
