import { z } from 'zod'

/** The JSON Schema that editors check a `countersign.yaml` against (draft 2020-12). */
export function configurationJsonSchema(schema: z.ZodType): object {
  const generated = z.toJSONSchema(schema, { io: 'input', reused: 'inline' })
  return {
    ...generated,
    $id: 'https://countersign.example/countersign.schema.json',
    title: 'Countersign configuration',
  }
}

/** docs/configuration.md: every key with its type, its default and its sentence, from the options of the rooms. */
export function renderConfigurationReference(schema: z.ZodType): string {
  const rows = rowsOf(configurationJsonSchema(schema) as Node, '', true)
  const table = rows.map(row => `| ${row.map(cell).join(' | ')} |`).join('\n')
  return `<!-- made by \`npm run docs\` from the options of the rooms; do not edit -->
# Configuration: \`countersign.yaml\`

Unknown keys are refused. Relative paths count from the file. \`\${NAME}\` anywhere takes a value from the environment; a secret may
also be \`env:NAME\` or \`file:PATH\`, which keeps it out of the file. \`countersign check-config\` tells all problems at once.
Editors find the JSON Schema in [countersign.schema.json](countersign.schema.json).

| key | type | default | meaning |
|---|---|---|---|
${table}
`
}

interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | boolean
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
}

type Row = readonly [key: string, type: string, fallback: string, meaning: string]

function rowsOf(node: Node, path: string, required: boolean): Row[] {
  const own: Row[] =
    path === '' ? [] : [[`\`${path}\``, typeOf(node), fallbackOf(node, required), node.description ?? '']]
  return [...own, ...below(node, path)]
}

function below(node: Node, path: string): Row[] {
  const join = (key: string) => (path === '' ? key : `${path}.${key}`)
  const properties = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    rowsOf(child, join(key), node.required?.includes(key) ?? false),
  )
  const values = typeof node.additionalProperties === 'object' ? below(node.additionalProperties, join('NAME')) : []
  const items = node.items ? below(node.items, `${path}[]`) : []
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(branch => below(branch, path))
  const seen = new Set<string>()
  return [...properties, ...values, ...items, ...branches].filter(([key]) => !seen.has(key) && seen.add(key))
}

function typeOf(node: Node): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``
  if (node.enum) return node.enum.map(value => `\`${String(value)}\``).join(', ')
  const branches = [...(node.anyOf ?? []), ...(node.oneOf ?? [])]
  if (branches.length > 0) return [...new Set(branches.map(typeOf))].join(' or ')
  if (node.type === 'array') return `list of ${node.items ? typeOf(node.items) : 'anything'}`
  if (node.type === 'object') return 'map'
  if (node.type === 'integer' || node.type === 'number') return `number${rangeOf(node)}`
  return node.type ?? 'anything'
}

function rangeOf({ minimum, maximum }: Node): string {
  const low = minimum === undefined || minimum < -1e12 ? '' : `${minimum}`
  const high = maximum === undefined || maximum > 1e12 ? '' : `${maximum}`
  return low === '' && high === ''
    ? ''
    : ` ${low === '' ? 'up to' : low}${low !== '' && high !== '' ? ' to ' : low === '' ? ' ' : ' and up'}${high}`
}

function fallbackOf(node: Node, required: boolean): string {
  if (node.default !== undefined) return `\`${JSON.stringify(node.default)}\``
  return required ? 'required' : ''
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
