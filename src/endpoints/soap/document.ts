import type { Type } from './schema/type.ts'
import { soapServices } from './services/all.ts'

const heading = '## Services and operations\n'

/** docs/soap.md as it is, with its tables anew: every operation with what it is asked, what it answers, and who may call it. */
export function renderSoapDocument(page: string): string {
  const prose = page.slice(0, page.indexOf(heading))
  return `${prose}${heading}\n\`*\` stands for any number; what has no type is text.\n\n${renderOperations()}`
}

function renderOperations(): string {
  return Object.values(soapServices)
    .map(({ name, summary, namespace, callers, operations }) => {
      const rows = [...operations.values()]
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name: operation, request, result, access, effect }) => {
          const asked = Object.entries(request).map(([field, type]) => `\`${field}\`${typeText(type)}`)
          const answered = result === undefined ? 'nothing' : typeText(result).replace(/^: /, '') || 'string'
          const who = access === 'anonymous' ? 'anyone' : access.map(each => `\`${each}\``).join(' or ')
          return `| \`${operation}\` | ${asked.join(', ')} | ${answered} | ${effect} | ${who} |`
        })
      const whose = callers === 'default-tenant' ? ' For users of the default tenant alone.' : ''
      return `### ${name}\n\n${summary}${whose} Namespace: \`${namespace}\`.\n\n| operation | asked | answers | effect | permission |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
    })
    .join('\n')
}

/** Text is what is not said to be something else; `*` stands for any number of them. */
function typeText(type: Type): string {
  if (type.kind === 'list') return `${typeText(type.of)}\\*`
  if (type.kind === 'string') return ''
  return `: ${type.kind === 'complex' ? type.name : type.kind}`
}
