/**
 * `-dname` as the JDK reads it, in RFC 4514 text: values may stand in double quotes (`O="Example, Inc."`), types may be Java's own words
 * (`GENERATION`) or written `OID.1.2.3`.
 */
export function nameText(dname: string): string {
  return dname
    .trim()
    .replace(/"((?:[^"\\]|\\.)*)"/gu, (_, quoted: string) =>
      quoted
        .replace(/\\(.)/gu, '$1')
        .replace(/[,+"\\<>;=]/gu, '\\$&')
        .replace(/^[ #]| $/gu, '\\$&'),
    )
    .replace(/(^|[^\\][,;+]|^[,;+])(\s*)OID\.(?=\d)/giu, '$1$2')
    .replace(/(^|[^\\][,;+])(\s*)GENERATION(?=\s*=)/giu, '$1$22.5.4.44')
}
