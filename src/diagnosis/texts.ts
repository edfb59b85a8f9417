import type { Certificate } from '../pki/x509/certificate.ts'

/** A subject as a person calls it. */
export function subjectText({ subject, thumbprint }: Certificate): string {
  return String(subject) || `with the thumbprint ${thumbprint.slice(0, 16)}…`
}

/** `2026-11-20 12:00 UTC` */
export function dayText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
