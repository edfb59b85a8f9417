/** Java's Boolean.parseBoolean: "true" in any case is true, and everything else is false. */
export function javaBoolean(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true'
}
