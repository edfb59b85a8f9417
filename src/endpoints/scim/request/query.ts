import { badRequest } from '../scim-fault.ts'

export type Query = ReadonlyMap<string, string>

/** The query of a URL, strictly: what two readers could read in two ways is refused. Throws ScimFault. */
export function readQuery(query: string): Query {
  const read = new Map<string, string>()
  for (const pair of query === '' ? [] : query.split('&')) {
    const mark = pair.indexOf('=')
    const name = decode(mark === -1 ? pair : pair.slice(0, mark))
    if (read.has(name))
      throw badRequest('invalidSyntax', `${JSON.stringify(name.slice(0, 80))} stands in the query twice.`)
    read.set(name, mark === -1 ? '' : decode(pair.slice(mark + 1)))
  }
  return read
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badRequest('invalidSyntax', 'The query is not percent-encoded UTF-8.')
  }
}

/** The paths of `attributes` and the like. */
export function readList(query: Query, name: string): readonly string[] | undefined {
  const value = query.get(name)
  return value === undefined || value === '' ? undefined : value.split(',')
}
