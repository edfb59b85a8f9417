import { MIMEType } from 'node:util'

/** What the body of a request is, by its Content-Type. `xml` is the body without an envelope, `form` the same as a form. */
export type Format = 'soap11' | 'soap12' | 'xml' | 'form'

export interface MediaType {
  readonly ok: true
  readonly format: Format
  readonly charset: string | undefined
  /** the `action` of SOAP 1.2 (RFC 3902) */
  readonly action: string | undefined
}

export type ReadMediaType = MediaType | { readonly ok: false; readonly detail: string }

/** Reads the Content-Type of a request. The refusal is a sentence: it names what is taken instead. */
export function readMediaType(contentType: string | undefined): ReadMediaType {
  if (contentType === undefined) return refused('The request has no Content-Type')
  const type = parse(contentType)
  if (type === undefined) return refused('The Content-Type is malformed')
  const format = formats.get(type.essence)
  if (format === undefined) {
    return refused(
      type.essence.startsWith('multipart/')
        ? 'Messages with attachments (MTOM, multipart) are not taken here'
        : `The type ${type.essence.slice(0, 80)} is not taken here`,
    )
  }
  const charset = type.params.get('charset') ?? undefined
  const action = format === 'soap12' ? (type.params.get('action') ?? undefined) : undefined
  return { ok: true, format, charset, action }
}

const formats = new Map<string, Format>([
  ['text/xml', 'soap11'],
  ['application/soap+xml', 'soap12'],
  ['application/xml', 'xml'],
  ['application/x-www-form-urlencoded', 'form'],
])

function parse(text: string): MIMEType | undefined {
  try {
    return new MIMEType(text)
  } catch {
    return undefined
  }
}

function refused(reason: string): ReadMediaType {
  return { ok: false, detail: `${reason}: send text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).` }
}
