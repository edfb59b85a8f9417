/**
 * Whether text can stand in every kind of database as it is: PostgreSQL takes no NUL, and half a character would be replaced on its way, so
 * that what is looked for is not what is found. Nothing that is stored is unlike this, so nothing has to be asked for it.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
