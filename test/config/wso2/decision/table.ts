import { authenticator } from './authenticator.ts'
import { bound } from './bound.ts'
import { certificates } from './certificates.ts'
import { login } from './login.ts'
import { rest } from './rest.ts'
import type { Group, Row } from './row.ts'

export const groups: readonly Group[] = [...authenticator, ...certificates, ...bound, ...rest, ...login]

export const heading = '## The decision'

/** The section of docs/wso2.md. */
export function renderDecision(): string {
  const rows = groups.flatMap(group => group.rows)
  const count = (part: (row: Row) => unknown) => rows.filter(part).length
  const counts = [
    `${count(({ tightened, differs }) => !tightened && !differs)} are decided the same`,
    `${count(({ tightened }) => tightened)} more strictly`,
    `${count(({ differs }) => differs)} otherwise`,
  ]
  const about = [
    `What a request with a certificate comes to, case by case: every case of the original's public tests, and every rule of its code. Of ${rows.length} cases ${counts.join(', ')}.`,
    'A test asks each of them of a running server over a Carbon home, and writes this section. Refusals are called by their codes ([refusals.md](refusals.md)).',
    '`Refused` and `asks for a password` are the same thing to the original’s SOAP clients: a fault, or 401.',
  ]
  return [heading, '', ...about, '', ...groups.flatMap(renderGroup)].join('\n')
}

function renderGroup({ title, about, rows }: Group): string[] {
  return [
    `### ${title}`,
    '',
    about,
    '',
    '| request | the original | here | |',
    '|---|---|---|---|',
    ...rows.map(({ when, original, ours, tightened, differs }) => {
      const why = tightened ? `tightened: ${tightened}` : differs ? `differs: ${differs}` : 'same'
      return `| ${when} | ${original} | ${code(ours)} | ${why} |`
    }),
    '',
  ]
}

/** Names and codes stand out from words. */
function code(ours: string): string {
  const [, user, tenant] = /^(\S+) of (\S+)$/.exec(ours) ?? []
  if (user !== undefined) return `\`${user}\` of \`${tenant}\``
  return ours.includes(' ') ? ours : `\`${ours}\``
}

/** The page with its section made anew; from the next heading of the same rank on it goes on as it was. */
export function withDecision(page: string): string {
  const start = page.indexOf(`${heading}\n`)
  if (start < 0) return `${page.trimEnd()}\n\n${renderDecision()}`
  const next = page.indexOf('\n## ', start)
  return page.slice(0, start) + renderDecision() + (next < 0 ? '' : page.slice(next))
}
