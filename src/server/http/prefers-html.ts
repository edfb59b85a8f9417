/**
 * Whether an Accept field puts text/html before JSON, as browsers do. Programs that take anything (or say nothing) get JSON.
 * RFC 9110 section 12.5.1, as far as these few types need it.
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || accept.length > 1024 || !/text\/html/i.test(accept)) return false
  const html = weightOf(accept, ['text/html'])
  return html > 0 && html > weightOf(accept, ['application/problem+json', 'application/json'])
}

function weightOf(accept: string, types: readonly string[]): number {
  let best = 0
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
    if (!types.includes(type)) continue
    const weight = parameters.find(parameter => parameter.startsWith('q='))
    const value = weight === undefined ? 1 : Number(weight.slice(2))
    if (value > best) best = value
  }
  return best
}
