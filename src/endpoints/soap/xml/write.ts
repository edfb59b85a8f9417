/** Text between tags or in an attribute with double quotes. What XML cannot hold at all is replaced by U+FFFD. */
export function escapeXml(text: string): string {
  return unsafe.test(text) ? text.replace(unsafeAll, replacement) : text
}

// A carriage return would be read back as a line feed, and white space in attributes as spaces.
const unsafe = /[&<>"\r\n\t]|[^\x20-\ud7ff\ue000-\ufffd]/
const unsafeAll = /[&<>"\r\n\t]|[\ud800-\udbff][\udc00-\udfff]|[^\x20-\ud7ff\ue000-\ufffd]/g

const names: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
}

function replacement(found: string): string {
  return names[found] ?? (found.length === 2 ? found : '\ufffd')
}
