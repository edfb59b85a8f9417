import type { ConfigProblem } from '../read.ts'

/**
 * `tightened`: the home is read more strictly than the original read it. `warning`: read as it stands, and worth knowing. `ignored`: has no
 * effect here. `error`: cannot be read safely, so that nothing starts.
 */
export type Severity = 'tightened' | 'warning' | 'ignored' | 'error'

/** Where something stands in a Carbon home. */
export interface Place {
  /** relative to the home */
  readonly file: string
  readonly line: number | undefined
}

export interface Finding extends Place {
  readonly severity: Severity
  readonly what: string
  readonly remedy: string | undefined
  /** of what it is about, where that is many: entries of a store (a text has the first few of them, JSON all), settings */
  readonly names?: readonly string[] | undefined
}

/** Collects what is found while a home is read; the same thing at the same place is told once. */
export class Findings {
  readonly #found = new Map<string, Finding>()

  add(severity: Severity, { file, line }: Place, what: string, remedy?: string, names?: readonly string[]): void {
    const told = oneLine(what)
    this.#found.set(JSON.stringify([file, line, told]), {
      severity,
      file,
      line,
      what: told,
      remedy: remedy && oneLine(remedy),
      ...(names === undefined ? {} : { names: names.map(oneLine) }),
    })
  }

  /** Settings that are known, and change nothing here. */
  noEffect(place: Place, names: readonly string[], remedy?: string): void {
    if (names.length > 0) this.add('ignored', place, 'no effect here', remedy, [...new Set(names)])
  }

  get all(): readonly Finding[] {
    return [...this.#found.values()]
  }
}

/** One line: `tightened: repository/conf/carbon.xml, line 3: what. Remedy.` */
export function findingText({ severity, file, line, what, remedy, names }: Finding): string {
  const where = line === undefined ? file : `${file}, line ${line}`
  const list = names === undefined ? '' : ` (${severity === 'ignored' ? names.join(', ') : firstFew(names)})`
  return `${severity}: ${where}: ${what}${list}${remedy === undefined ? '' : `. ${remedy}`}`
}

const few = 5

function firstFew(names: readonly string[]): string {
  const shown = names.slice(0, few).join(', ')
  return names.length > few ? `${shown} and ${names.length - few} more` : shown
}

/** An error, as the problem of a configuration that it is. */
export function configProblemOf({
  file,
  line,
  what,
  remedy = 'docs/wso2.md says what is read.',
}: Finding): ConfigProblem {
  return { path: file, line, message: what, hint: remedy }
}

/** What a file says must not end the comment or the log line that it stands in. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
}
