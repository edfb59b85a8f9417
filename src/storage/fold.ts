/** Characters of folded text by which rows are found; an index of PostgreSQL takes no row of more than 2704 bytes. */
const lookupLength = 120

/**
 * Text with the differences of case taken out, for searching (never for deciding who somebody is). Databases differ in what they call
 * lower case, and SQLite knows only ASCII, so it is done here and stored. Upper case first, because some characters have a lower case
 * only (ß, ſ); each by itself, because the lower case of Σ depends on its place in the word.
 */
export function fold(text: string): string {
  const folded = Array.from(text.toUpperCase(), character => character.toLowerCase()).join('')
  return folded.normalize('NFC')
}

/** The beginning of folded text, as it is indexed. */
export function lookupOf(folded: string): string {
  return folded.length <= lookupLength ? folded : Array.from(folded).slice(0, lookupLength).join('')
}
