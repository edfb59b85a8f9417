const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A time as java.util.Date.toString() writes it, in the local time zone: "Mon Nov 23 22:46:27 UTC 2026". */
export function javaDate(at: number): string {
  const date = new Date(at)
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${days[date.getDay()]} ${months[date.getMonth()]} ${two(date.getDate())} ${time} ${zone(date)} ${year(date)}`
}

/** A day as the JDK's keytool writes creation dates: "Nov 23, 2026". */
export function javaDay(at: number): string {
  const date = new Date(at)
  return `${months[date.getMonth()]} ${date.getDate()}, ${year(date)}`
}

function zone(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date)
  return parts.find(part => part.type === 'timeZoneName')?.value ?? 'UTC'
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function year(date: Date): string {
  return String(date.getFullYear()).padStart(4, '0')
}
