/** The day of a time in milliseconds, as tables print it. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
