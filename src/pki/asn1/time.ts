import { content, type DerElement, derError, tag } from './der.ts'

/**
 * UTCTime or GeneralizedTime in the only forms that RFC 5280 section 4.1.2.5 allows (YYMMDDHHMMSSZ, YYYYMMDDHHMMSSZ), as
 * milliseconds since the epoch. Throws ERR_DER_MALFORMED, also for a day or an hour that does not exist.
 */
export function readTime(element: DerElement): number {
  const octets = content(element)
  if (element.tag === tag.utcTime && octets.length === 13) {
    const year = twoDigits(octets, 0)
    // RFC 5280 section 4.1.2.5.1: 50 and above is 19YY
    return assemble(element, octets, year >= 50 ? 1900 + year : 2000 + year, 2)
  }
  if (element.tag === tag.generalizedTime && octets.length === 15) {
    return assemble(element, octets, twoDigits(octets, 0) * 100 + twoDigits(octets, 2), 4)
  }
  throw derError(`malformed time at offset ${element.start}`)
}

const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function assemble(element: DerElement, octets: Uint8Array, year: number, from: number): number {
  const month = twoDigits(octets, from)
  const day = twoDigits(octets, from + 2)
  const hour = twoDigits(octets, from + 4)
  const minute = twoDigits(octets, from + 6)
  const second = twoDigits(octets, from + 8)
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const lastDay = month === 2 && leap ? 29 : (daysInMonth[month - 1] ?? 0)
  const real =
    year >= 0 && day >= 1 && day <= lastDay && inRange(hour, 23) && inRange(minute, 59) && inRange(second, 59)
  if (!real || octets[octets.length - 1] !== 0x5a) throw derError(`malformed time at offset ${element.start}`)
  // Date.UTC takes years below 100 for 19YY
  return year < 100
    ? new Date(0).setUTCFullYear(year, month - 1, day) + timeOfDay(hour, minute, second)
    : Date.UTC(year, month - 1, day, hour, minute, second)
}

const timeOfDay = (hour: number, minute: number, second: number) => ((hour * 60 + minute) * 60 + second) * 1000

const inRange = (value: number, max: number) => value >= 0 && value <= max

/** NaN where there are no two digits, which no comparison holds for. */
function twoDigits(octets: Uint8Array, at: number): number {
  const tens = octets[at]! - 0x30
  const ones = octets[at + 1]! - 0x30
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
