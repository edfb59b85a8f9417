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
}

/** Collects what is found while a home is read; the same thing at the same place is told once. */
export class Findings {
  readonly #found = new Map<string, Finding>()

  add(severity: Severity, { file, line }: Place, what: string, remedy?: string): void {
    const told = oneLine(what)
    this.#found.set(JSON.stringify([file, line, told]), {
      severity,
      file,
      line,
      what: told,
      remedy: remedy && oneLine(remedy),
    })
  }

  get all(): readonly Finding[] {
    return [...this.#found.values()]
  }
}

/** One line: `tightened: repository/conf/carbon.xml, line 3: what. Remedy.` */
export function findingText({ severity, file, line, what, remedy }: Finding): string {
  const where = line === undefined ? file : `${file}, line ${line}`
  return `${severity}: ${where}: ${what}${remedy === undefined ? '' : `. ${remedy}`}`
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
