// xsd:dateTime (RFC 7643 section 2.3.5), with an offset: a time without one could be any.
const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Milliseconds since the epoch; undefined for what is no time. */
export function readDateTime(text: string): number | undefined {
  if (!dateTime.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

export function writeDateTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
