export interface CsvRow {
  /** of the file, from 1: where the row begins */
  readonly line: number
  readonly fields: readonly string[]
}

/** The rows of RFC 4180: fields in quotes hold commas, line breaks and doubled quotes. Empty lines are left out. undefined: it is none. */
export function parseCsv(text: string): CsvRow[] | undefined {
  const rows: CsvRow[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y
  let line = 1
  let begun = line
  let fields: string[] = []
  while (field.lastIndex < text.length || fields.length > 0) {
    const found = field.exec(text)
    if (found === null) return undefined
    const [all, quoted, plain, end] = found
    fields.push(quoted?.replaceAll('""', '"') ?? plain!)
    line += all.split('\n').length - 1
    if (end === ',') continue
    if (fields.length > 1 || fields[0] !== '') rows.push({ line: begun, fields })
    fields = []
    begun = line
  }
  return rows
}
