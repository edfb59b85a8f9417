import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { CodedError } from '../errors.ts'

/** One thing that is wrong with a configuration: where, what, and what to do. */
export interface ConfigProblem {
  /** `listeners[0].port`, empty for the file as a whole */
  readonly path: string
  readonly line: number | undefined
  readonly message: string
  readonly hint: string
}

/** Everything that is wrong, at once. */
export class ConfigError extends CodedError {
  readonly problems: readonly ConfigProblem[]

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
    super('ERR_CONFIG_INVALID', `${file} has ${count}\n${problems.map(describe).join('\n')}`, {
      remedy: 'Mend what is listed and run `countersign check-config`.',
    })
    this.problems = problems
  }
}

export function describe(problem: ConfigProblem): string {
  const where = [problem.path, problem.line === undefined ? '' : `line ${problem.line}`].filter(Boolean).join(', ')
  return `  ${where === '' ? '' : `${where}: `}${problem.message}\n    ${problem.hint}`
}

export interface ReadConfig<T> {
  /** absolute; `the options` when a program gave them */
  readonly file: string
  /** relative paths in the configuration count from here */
  readonly folder: string
  readonly value: T
  /** the line on which the value at a path stands, for problems found later */
  lineOf(path: readonly PropertyKey[]): number | undefined
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Reads a YAML file against a schema. `${NAME}` in any value is replaced from the environment.
 * Throws ConfigError with all problems, or ERR_CONFIG_UNREADABLE.
 */
export function readConfig<S extends z.ZodType>(
  file: string,
  schema: S,
  surroundings: Surroundings,
): ReadConfig<z.output<S>> {
  return parseConfig(readText(file), resolve(file), schema, surroundings)
}

export function parseConfig<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
  surroundings: Surroundings,
): ReadConfig<z.output<S>> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: true })
  const lineOf = (path: readonly PropertyKey[]) => lineAt(document.contents, path, lines)
  const broken = document.errors.map(error => ({
    path: '',
    line: lines.linePos(error.pos[0]).line,
    message: error.message.split('\n')[0]!.replace(/ at line \d+.*$/, ''),
    hint: 'The file is not well-formed YAML: check indentation, colons and quotes on that line.',
  }))
  if (broken.length > 0) throw new ConfigError(file, broken)

  const missing: ConfigProblem[] = []
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return
      node.value = node.value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
        const found = surroundings.env[name]
        if (found === undefined) {
          const line = node.range ? lines.linePos(node.range[0]).line : undefined
          missing.push({
            path: '',
            line,
            message: `the environment has no ${name}`,
            hint: `Set ${name}, or write the value itself.`,
          })
        }
        return found ?? whole
      })
    },
  })
  const parsed = schema.safeParse(plainValue(document, file))
  const problems = [
    ...missing,
    ...(parsed.success ? [] : parsed.error.issues.flatMap(issue => problemsOf(issue, lineOf))),
  ]
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, problems)
  return { file, folder: dirname(file), value: parsed.data, lineOf }
}

function plainValue(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (error) {
    const message = (error as Error).message
    throw new ConfigError(file, [
      { path: '', line: undefined, message, hint: 'Write the values out instead of using aliases.' },
    ])
  }
}

/** The same of values that a program gives. Relative paths among them count from `folder`. */
export function readOptions<S extends z.ZodType>(
  options: z.input<S>,
  folder: string,
  schema: S,
): ReadConfig<z.output<S>> {
  const file = 'the options'
  const lineOf = () => undefined
  const parsed = schema.safeParse(options)
  if (!parsed.success)
    throw new ConfigError(
      file,
      parsed.error.issues.flatMap(issue => problemsOf(issue, lineOf)),
    )
  return { file, folder: resolve(folder), value: parsed.data, lineOf }
}

/** `listeners[0].port` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new CodedError(
      'ERR_CONFIG_UNREADABLE',
      `cannot read the configuration ${file}: ${(cause as Error).message}`,
      {
        remedy: 'Name the file with --config FILE, or run `countersign dev` once to make one.',
        cause,
      },
    )
  }
}

function problemsOf(issue: z.core.$ZodIssue, lineOf: ReadConfig<unknown>['lineOf']): ConfigProblem[] {
  const line = lineOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      path: pathText([...issue.path, key]),
      line: lineOf([...issue.path, key]) ?? line,
      message: `unknown key "${key}"`,
      hint: 'Take it out, or correct its spelling: docs/configuration.md lists every key.',
    }))
  }
  if (issue.code === 'invalid_union') {
    const nested = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? []
    if (nested.length > 0)
      return nested.flatMap(inner => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, lineOf))
  }
  const hint = 'docs/configuration.md says what belongs here.'
  return [{ path: pathText(issue.path), line, message: issue.message, hint }]
}

/** The branch of a union that got furthest is the one that was meant. */
function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(issue => issue.path.length))
}

function lineAt(root: Node | null, path: readonly PropertyKey[], lines: LineCounter): number | undefined {
  let node: unknown = root
  let line = root?.range ? lines.linePos(root.range[0]).line : undefined
  for (const key of path) {
    if (isAlias(node)) return line
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && item.key.value === key)
      if (!pair) return line
      if (isScalar(pair.key) && pair.key.range) line = lines.linePos(pair.key.range[0]).line
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      const range = (node as Node | undefined)?.range
      if (range) line = lines.linePos(range[0]).line
    }
  }
  return line
}
