import { explanations, type ProblemGroup, problemGroups } from './explanations.ts'
import { pathOf, problemCodes, problemEntries } from './problem-page.ts'

/** docs/refusals.md: every code that an answer can have, from the same source as the pages under /problems/. */
export function renderRefusals(): string {
  const groups = (Object.keys(problemGroups) as ProblemGroup[]).map(renderGroup)
  return `<!-- made by \`npm run docs\` from src/refusals.ts, src/server/http/http-problems.ts and src/endpoints/problems; do not edit -->
# Refusals

When a request is turned down, the answer says why. Programs get a problem document (RFC 9457), browsers a page.

\`\`\`json
{
  "type": "/problems/certificate-expired",
  "title": "${problemEntries.certificate_expired.title}",
  "status": 401,
  "detail": "The certificate of CN=alice ended on 2026-11-20T12:00:00Z.",
  "code": "certificate_expired",
  "remedy": "${problemEntries.certificate_expired.remedy}",
  "requestId": "hY3kx9Qa-4f"
}
\`\`\`

\`code\` never changes its meaning, and logs, metrics and audit records use the same words. \`detail\` is about this one request. \`requestId\`
leads to it in the log and in the audit record. 401 means that the caller was not identified, 403 that it was and may not.
Each code has a page of its own at \`type\`, which anyone may read.

${groups.join('\n')}`
}

function renderGroup(group: ProblemGroup): string {
  const codes = problemCodes.filter(code => explanations[code].group === group)
  return `## ${problemGroups[group]}

${codes.map(renderEntry).join('\n')}`
}

function renderEntry(code: (typeof problemCodes)[number]): string {
  const { status, title, remedy } = problemEntries[code]
  const { meaning, administrator, commands } = explanations[code]
  const block = commands.length === 0 ? '' : `\n\`\`\`sh\n${commands.join('\n')}\n\`\`\`\n`
  return `### \`${code}\`

${status} · ${title} · \`${pathOf(code)}\`

${meaning}

*What the caller can do:* ${remedy}

*What the administrator can do:* ${administrator}
${block}`
}
