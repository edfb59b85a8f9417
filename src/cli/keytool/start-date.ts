import { KeytoolError } from './keytool-error.ts'

/**
 * `-startdate`: shifts from now (`-1d`, `+1m-3H`) or `[yyyy/mm/dd] [HH:MM:SS]` in local time, as the JDK reads it. Milliseconds, whole seconds.
 */
export function startDate(text: string | undefined, now: number): number {
  const at = new Date(Math.floor(now / 1000) * 1000)
  if (text === undefined) return at.getTime()
  if (/^([+-]\d+[ymdHMS])+$/u.test(text)) return shifted(at, text)
  const [, year, month, day, hour, minute, second] =
    /^(?:(\d{4})\/(\d\d)\/(\d\d))?(?:^|$| (?=.))(?:(\d\d):(\d\d):(\d\d))?$/u.exec(text) ?? []
  if (year === undefined && hour === undefined) throw illegal(text)
  if (year !== undefined) at.setFullYear(Number(year), Number(month) - 1, Number(day))
  if (hour !== undefined) at.setHours(Number(hour), Number(minute), Number(second), 0)
  if (year !== undefined && at.getMonth() !== Number(month) - 1) throw illegal(text)
  return at.getTime()
}

function shifted(at: Date, text: string): number {
  for (const [, count, unit] of text.matchAll(/([+-]\d+)([ymdHMS])/gu)) {
    const by = Number(count)
    if (unit === 'y') at.setFullYear(at.getFullYear() + by)
    if (unit === 'm') at.setMonth(at.getMonth() + by)
    if (unit === 'd') at.setDate(at.getDate() + by)
    if (unit === 'H') at.setHours(at.getHours() + by)
    if (unit === 'M') at.setMinutes(at.getMinutes() + by)
    if (unit === 'S') at.setSeconds(at.getSeconds() + by)
  }
  if (Number.isNaN(at.getTime())) throw illegal(text)
  return at.getTime()
}

function illegal(text: string): KeytoolError {
  return new KeytoolError(`Illegal startdate value`, {
    javaClass: 'java.io.IOException',
    remedy: `${text} is neither a shift such as -1d or +2y nor "yyyy/mm/dd HH:MM:SS".`,
  })
}

/** The end of a validity of whole days. */
export function endDate(start: number, days: string | undefined): number {
  const count = Number(days ?? 90)
  if (!Number.isSafeInteger(count) || count <= 0) throw new KeytoolError('Validity must be greater than zero')
  // RFC 5280 section 4.1.2.5: the year has four digits
  return Math.min(start + count * 86_400_000, Date.UTC(9999, 11, 31, 23, 59, 59))
}
