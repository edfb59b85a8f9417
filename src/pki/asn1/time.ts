import { type DerElement, derError, tag } from './der.ts'

/**
 * UTCTime or GeneralizedTime in the only forms that RFC 5280 section 4.1.2.5 allows (YYMMDDHHMMSSZ, YYYYMMDDHHMMSSZ), as
 * milliseconds since the epoch. Throws ERR_DER_MALFORMED, also for a day or an hour that does not exist.
 */
export function readTime(element: DerElement): number {
  const { bytes, contentStart: at, end } = element
  if (element.tag === tag.utcTime && end - at === 13) {
    const year = twoDigits(bytes, at)
    // RFC 5280 section 4.1.2.5.1: 50 and above is 19YY
    return assemble(element, year >= 50 ? 1900 + year : 2000 + year, at + 2)
  }
  if (element.tag === tag.generalizedTime && end - at === 15) {
    return assemble(element, twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2), at + 4)
  }
  throw derError(`malformed time at offset ${element.start}`)
}

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function assemble({ bytes, start, end }: DerElement, year: number, from: number): number {
  const month = twoDigits(bytes, from)
  const day = twoDigits(bytes, from + 2)
  const hour = twoDigits(bytes, from + 4)
  const minute = twoDigits(bytes, from + 6)
  const second = twoDigits(bytes, from + 8)
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const lastDay = month === 2 && leap ? 29 : (daysInMonth[month - 1] ?? 0)
  const real =
    year >= 0 && day >= 1 && day <= lastDay && inRange(hour, 23) && inRange(minute, 59) && inRange(second, 59)
  if (!real || bytes[end - 1] !== 0x5a) throw derError(`malformed time at offset ${start}`)
  // Date.UTC takes years below 100 for 19YY
  return year < 100
    ? new Date(0).setUTCFullYear(year, month - 1, day) + timeOfDay(hour, minute, second)
    : Date.UTC(year, month - 1, day, hour, minute, second)
}

const timeOfDay = (hour: number, minute: number, second: number) => ((hour * 60 + minute) * 60 + second) * 1000

const inRange = (value: number, max: number) => value >= 0 && value <= max

/** NaN where there are no two digits, which no comparison holds for. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30
  const ones = bytes[at + 1]! - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
